package ai.rpo.core.model;

import java.util.List;

/**
 * One tensor of a safetensors file, as its header describes it.
 *
 * @param dtype as in the header, such as {@code BF16}; not all can be read as weights
 * @param begin its first byte, counted from the start of the file
 * @param bytes its length in the file
 */
record StoredTensor(String name, String dtype, List<Long> shape, long begin, long bytes) {

    StoredTensor {
        shape = List.copyOf(shape);
    }

    long end() {
        return begin + bytes;
    }
}
