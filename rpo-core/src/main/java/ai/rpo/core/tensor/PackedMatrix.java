package ai.rpo.core.tensor;

import java.util.Arrays;

/**
 * A row-major matrix in fewer bits, on the heap: what {@link Backend#pack} takes, and what a backend keeps that has no memory of its own for it.
 *
 * @param block numbers that follow each other and have one scale; a block may end in the middle of a row
 * @param codes {@link Packing#bytes} of them
 * @param scales {@link Packing#scales} of them
 */
public record PackedMatrix(Packing packing, int rows, int columns, int block, byte[] codes, float[] scales)
        implements Packed {

    private static final float INT8_MOST = 127;

    public PackedMatrix {
        long size = (long) rows * columns;
        if (block < 1 || codes.length != packing.bytes(size) || scales.length != packing.scales(size, block)) {
            throw new IllegalArgumentException(codes.length + " bytes and " + scales.length + " scales for " + rows
                    + " × " + columns + " numbers of " + packing + " in blocks of " + block + ".");
        }
    }

    /** Gives the numbers of a matrix, piece by piece. */
    @FunctionalInterface
    public interface Source {

        /** Overwrites the first {@code length} elements of {@code target}. */
        void read(long offset, float[] target, int length);
    }

    /**
     * Packs to the nearest: with the largest magnitude of a block as its scale for NF4, and a 127th of that for bytes.
     *
     * @param block numbers of one scale
     */
    public static PackedMatrix of(Packing packing, int rows, int columns, int block, Source source) {
        long size = (long) rows * columns;
        byte[] codes = new byte[Math.toIntExact(packing.bytes(size))];
        float[] scales = new float[Math.toIntExact(packing.scales(size, block))];
        int piece = packing == Packing.BFLOAT16 ? Math.max(block, 1 << 12) : block;
        float[] numbers = new float[piece];
        for (long from = 0; from < size; from += piece) {
            int length = (int) Math.min(piece, size - from);
            source.read(from, numbers, length);
            switch (packing) {
                case NF4 -> scales[(int) (from / block)] = packLevels(numbers, length, codes, from);
                case INT8 -> scales[(int) (from / block)] = packBytes(numbers, length, codes, (int) from);
                case BFLOAT16 -> packHalves(numbers, length, codes, from);
            }
        }
        return new PackedMatrix(packing, rows, columns, block, codes, scales);
    }

    private static float packLevels(float[] numbers, int length, byte[] codes, long from) {
        float most = mostMagnitude(numbers, length);
        float inverse = most == 0 ? 0 : 1 / most;
        for (int i = 0; i < length; i++) {
            int code = NormalFloat.nearest(numbers[i] * inverse);
            int at = (int) ((from + i) >>> 1);
            codes[at] |= (byte) ((from + i & 1) == 0 ? code << 4 : code);
        }
        return most;
    }

    private static float packBytes(float[] numbers, int length, byte[] codes, int from) {
        float most = mostMagnitude(numbers, length);
        float inverse = most == 0 ? 0 : INT8_MOST / most;
        for (int i = 0; i < length; i++) {
            codes[from + i] = (byte) Math.rint(numbers[i] * inverse);
        }
        return most / INT8_MOST;
    }

    private static void packHalves(float[] numbers, int length, byte[] codes, long from) {
        for (int i = 0; i < length; i++) {
            int bits = Float.floatToRawIntBits(numbers[i]);
            int half = bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
            int at = Math.toIntExact(2 * (from + i));
            codes[at] = (byte) half;
            codes[at + 1] = (byte) (half >>> Byte.SIZE);
        }
    }

    private static float mostMagnitude(float[] numbers, int length) {
        float most = 0;
        for (int i = 0; i < length; i++) {
            most = Math.max(most, Math.abs(numbers[i]));
        }
        return most;
    }

    /** Returns the number at a place in row-major order. */
    public float get(long element) {
        return switch (packing) {
            case NF4 -> {
                int pair = codes[(int) (element >>> 1)] & 0xff;
                yield NormalFloat.level((element & 1) == 0 ? pair >>> 4 : pair & 15) * scale(element);
            }
            case INT8 -> codes[(int) element] * scale(element);
            case BFLOAT16 -> {
                int at = Math.toIntExact(2 * element);
                yield Float.intBitsToFloat((codes[at] & 0xff | codes[at + 1] << Byte.SIZE) << 16);
            }
        };
    }

    private float scale(long element) {
        return scales[(int) (element / block)];
    }

    /** Tells whether rows can change places: each has whole bytes and scales of its own. */
    public static boolean hasWholeRows(Packing packing, int columns, int block) {
        return packing == Packing.BFLOAT16 || columns % block == 0 && (packing == Packing.INT8 || columns % 2 == 0);
    }

    /** Says where a row goes. */
    @FunctionalInterface
    public interface Place {
        int of(int row);
    }

    /** Returns the same rows, each in another place; see {@link #hasWholeRows}. */
    public PackedMatrix withRowsAt(Place place) {
        byte[] movedCodes = new byte[codes.length];
        float[] movedScales = Arrays.copyOf(scales, scales.length);
        int bytes = codes.length / rows;
        int scalesOfRow = scales.length / rows;
        for (int row = 0; row < rows; row++) {
            int to = place.of(row);
            System.arraycopy(codes, row * bytes, movedCodes, to * bytes, bytes);
            System.arraycopy(scales, row * scalesOfRow, movedScales, to * scalesOfRow, scalesOfRow);
        }
        return new PackedMatrix(packing, rows, columns, block, movedCodes, movedScales);
    }
}
