package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A safetensors file, its tensors read through a memory map a piece at a time; no file stays open and nothing is kept.
 */
final class SafetensorsFile {

    private static final int WINDOW_BYTES = 16 << 20;
    private static final int BLOCK_ELEMENTS = 8192;

    private final Path file;
    private final Map<String, StoredTensor> tensors;

    private SafetensorsFile(Path file, List<StoredTensor> tensors) {
        this.file = file;
        this.tensors = new LinkedHashMap<>();
        tensors.forEach(tensor -> this.tensors.put(tensor.name(), tensor));
    }

    /**
     * Reads and checks the header.
     *
     * @throws RpoException if the file is not a whole and valid safetensors file
     */
    static SafetensorsFile open(Path file) {
        return new SafetensorsFile(file, SafetensorsHeader.read(file));
    }

    /** The same file, as if it held no other tensors than those of these names. */
    SafetensorsFile only(Predicate<String> names) {
        return new SafetensorsFile(
                file,
                tensors.values().stream()
                        .filter(tensor -> names.test(tensor.name()))
                        .toList());
    }

    Path path() {
        return file;
    }

    /** By name, in the order of the file's bytes. */
    Map<String, StoredTensor> tensors() {
        return tensors;
    }

    /**
     * Fills what remains of {@code target} with the elements of a tensor from {@code elementOffset} on.
     *
     * @throws RpoException if one of them is NaN or infinite
     * @throws IndexOutOfBoundsException if the tensor has too few
     */
    void read(StoredTensor tensor, long elementOffset, FloatBuffer target) {
        Dtype dtype = Dtype.valueOf(tensor.dtype());
        long elements = tensor.bytes() / dtype.bytes();
        if (elementOffset < 0 || elementOffset + target.remaining() > elements) {
            throw new IndexOutOfBoundsException("Elements " + elementOffset + " to "
                    + (elementOffset + target.remaining()) + " of " + tensor.name() + ", which has " + elements);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (target.hasRemaining()) {
                int length = Math.min(target.remaining(), WINDOW_BYTES / dtype.bytes());
                long begin = tensor.begin() + elementOffset * dtype.bytes();
                try (MappedRegion region = new MappedRegion(channel, begin, (long) length * dtype.bytes())) {
                    decode(region.littleEndian(), dtype, length, target, tensor.name(), elementOffset);
                }
                elementOffset += length;
            }
        } catch (IOException | InternalError e) { // an InternalError is how a mapped file that shrinks shows
            throw unreadable(tensor, e);
        }
    }

    /** All bytes of a tensor, whatever they mean. */
    byte[] bytes(StoredTensor tensor) {
        return bytes(tensor, 0, Math.toIntExact(tensor.bytes()));
    }

    /** So many bytes of a tensor, from one on. */
    byte[] bytes(StoredTensor tensor, long first, int count) {
        byte[] bytes = new byte[count];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (int done = 0; done < bytes.length; done += WINDOW_BYTES) {
                int length = Math.min(WINDOW_BYTES, bytes.length - done);
                try (MappedRegion region = new MappedRegion(channel, tensor.begin() + first + done, length)) {
                    region.littleEndian().get(bytes, done, length);
                }
            }
            return bytes;
        } catch (IOException | InternalError e) {
            throw unreadable(tensor, e);
        }
    }

    private RpoException unreadable(StoredTensor tensor, Throwable e) {
        return new RpoException(
                RpoException.Kind.RETRYABLE,
                "Cannot read weight " + tensor.name() + " from " + file + ": " + ReadFailure.reason(e)
                        + ". Check that nothing else writes the file, and the disk.",
                e);
    }

    private void decode(ByteBuffer source, Dtype dtype, int length, FloatBuffer target, String name, long first) {
        float[] block = new float[Math.min(length, BLOCK_ELEMENTS)];
        for (int done = 0; done < length; done += block.length) {
            int count = Math.min(block.length, length - done);
            dtype.decode(source, block, count);
            requireFinite(block, count, name, first + done);
            target.put(block, 0, count);
        }
    }

    private void requireFinite(float[] block, int count, String name, long first) {
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(block[i])) {
                throw RpoException.configuration("Cannot use the model in " + file + ": weight " + name + " has "
                        + block[i] + " at element " + (first + i)
                        + ". Take a checkpoint from before its training went wrong, or fetch the file again.");
            }
        }
    }
}
