package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a safetensors file as a stream; the file appears under its name only once it is whole. */
final class SafetensorsWriter {

    private static final int BLOCK_ELEMENTS = 1 << 16;
    private static final int HEADER_ALIGNMENT = 8;

    private final Dtype dtype;

    SafetensorsWriter(Dtype dtype) {
        this.dtype = dtype;
    }

    /**
     * @param entries what to write, in this order
     * @param weights where the numbers come from
     * @throws RpoException if a number is not finite, or no longer is once rounded
     */
    void write(Path file, List<ParameterLayout.Entry> entries, Weights weights) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        try {
            try (FileChannel channel = FileChannel.open(
                    partial,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                writeFully(channel, header(entries));
                float[] block = new float[BLOCK_ELEMENTS];
                ByteBuffer bytes = ByteBuffer.allocateDirect(BLOCK_ELEMENTS * dtype.bytes())
                        .order(ByteOrder.LITTLE_ENDIAN);
                for (ParameterLayout.Entry entry : entries) {
                    write(channel, entry, weights, block, bytes);
                }
                channel.force(true);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private ByteBuffer header(List<ParameterLayout.Entry> entries) throws JsonProcessingException {
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("__metadata__", Map.of("format", "pt"));
        long offset = 0;
        for (ParameterLayout.Entry entry : entries) {
            Map<String, Object> tensor = new LinkedHashMap<>();
            long end = offset + entry.size() * dtype.bytes();
            tensor.put("dtype", dtype.name());
            tensor.put("shape", entry.shape());
            tensor.put("data_offsets", List.of(offset, end));
            header.put(entry.name(), tensor);
            offset = end;
        }
        byte[] json = JsonObject.MAPPER.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, (json.length + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return ByteBuffer.allocate(Long.BYTES + padded.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded.length)
                .put(padded)
                .flip();
    }

    /** @param block and {@code bytes} hold a piece at a time, one set for all entries */
    private void write(
            FileChannel channel, ParameterLayout.Entry entry, Weights weights, float[] block, ByteBuffer bytes)
            throws IOException {
        for (long done = 0; done < entry.size(); done += block.length) {
            int count = (int) Math.min(block.length, entry.size() - done);
            weights.read(entry, done, FloatBuffer.wrap(block, 0, count));
            requireWritable(entry, block, count, done);
            bytes.clear();
            dtype.encode(block, count, bytes);
            writeFully(channel, bytes.flip());
        }
    }

    private void requireWritable(ParameterLayout.Entry entry, float[] block, int count, long first) {
        for (int i = 0; i < count; i++) {
            if (!(Math.abs(block[i]) < dtype.overflow())) {
                boolean finite = Float.isFinite(block[i]);
                throw new RpoException(
                        finite ? RpoException.Kind.CONFIGURATION : RpoException.Kind.OTHER,
                        "Cannot write weight " + entry.name() + " as " + dtype.torchName() + ": its element "
                                + (first + i) + " is " + block[i] + ". "
                                + (finite
                                        ? "Export as float32 or bfloat16."
                                        : "Export an earlier checkpoint; this one's training diverged."));
            }
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            channel.write(source);
        }
    }
}
