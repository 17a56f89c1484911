package ai.rpo.jobs.track;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Records of TensorBoard's event files: length, its checksum, a protocol buffer {@code Event}, its checksum. Of an event only
 * the wall time, the step and scalar values are written.
 */
final class TensorBoardEvents {

    private static final int DOUBLE = 1;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FLOAT = 5;
    private static final int CRC_ROTATION = 15;
    private static final int CRC_DELTA = 0xa282ead8;

    private TensorBoardEvents() {}

    /** The record that a file begins with. */
    static byte[] header(double wallTime) {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        fixed64(event, 1, Double.doubleToLongBits(wallTime));
        bytes(event, 3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
        return record(event.toByteArray());
    }

    /**
     * Numbers at a step.
     *
     * @param wallTime in seconds since 1970
     */
    static byte[] scalars(double wallTime, long step, Map<String, Double> values) {
        ByteArrayOutputStream summary = new ByteArrayOutputStream();
        values.forEach((name, value) -> {
            ByteArrayOutputStream one = new ByteArrayOutputStream();
            bytes(one, 1, name.getBytes(StandardCharsets.UTF_8));
            fixed32(one, 2, Float.floatToIntBits(value.floatValue()));
            bytes(summary, 1, one.toByteArray());
        });
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        fixed64(event, 1, Double.doubleToLongBits(wallTime));
        varint(event, 2 << 3);
        varint(event, step);
        bytes(event, 5, summary.toByteArray());
        return record(event.toByteArray());
    }

    private static byte[] record(byte[] event) {
        byte[] length = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(event.length)
                .array();
        return ByteBuffer.allocate(length.length + event.length + 2 * Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(length)
                .putInt(masked(length))
                .put(event)
                .putInt(masked(event))
                .array();
    }

    private static int masked(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return Integer.rotateRight((int) crc.getValue(), CRC_ROTATION) + CRC_DELTA;
    }

    private static void fixed64(ByteArrayOutputStream out, int field, long bits) {
        varint(out, field << 3 | DOUBLE);
        out.writeBytes(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(bits)
                .array());
    }

    private static void fixed32(ByteArrayOutputStream out, int field, int bits) {
        varint(out, field << 3 | FLOAT);
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bits)
                .array());
    }

    private static void bytes(ByteArrayOutputStream out, int field, byte[] content) {
        varint(out, field << 3 | LENGTH_DELIMITED);
        varint(out, content.length);
        out.writeBytes(content);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long left = value;
        while ((left & ~0x7FL) != 0) {
            out.write((int) (left & 0x7F | 0x80));
            left >>>= 7;
        }
        out.write((int) left);
    }
}
