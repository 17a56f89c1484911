package ai.rpo.core.model;

import java.nio.FloatBuffer;

/** A tensor and the file that holds its numbers. */
record StoredNumbers(SafetensorsFile file, StoredTensor tensor) {

    private static final int COMPARED_ELEMENTS = 1 << 16;

    /**
     * Tells whether both have one shape and, once they are float32, the same numbers.
     *
     * @throws ai.rpo.core.RpoException where a number is not finite or cannot be read
     */
    boolean equalNumbersOf(StoredNumbers other) {
        if (!tensor.shape().equals(other.tensor.shape()) || !isReadable() || !other.isReadable()) {
            return false;
        }
        long elements = tensor.bytes() / Dtype.valueOf(tensor.dtype()).bytes();
        FloatBuffer ours = FloatBuffer.allocate(COMPARED_ELEMENTS);
        FloatBuffer theirs = FloatBuffer.allocate(COMPARED_ELEMENTS);
        for (long done = 0; done < elements; done += COMPARED_ELEMENTS) {
            int count = (int) Math.min(COMPARED_ELEMENTS, elements - done);
            file.read(tensor, done, ours.clear().limit(count));
            other.file.read(other.tensor, done, theirs.clear().limit(count));
            if (!ours.flip().equals(theirs.flip())) {
                return false;
            }
        }
        return true;
    }

    /** All bytes of a tensor that are few enough for an array. */
    byte[] bytes() {
        return file.bytes(tensor);
    }

    /** All numbers of a tensor of floats. */
    float[] floats() {
        FloatBuffer all = FloatBuffer.allocate(
                Math.toIntExact(tensor.bytes() / Dtype.valueOf(tensor.dtype()).bytes()));
        file.read(tensor, 0, all);
        return all.array();
    }

    private boolean isReadable() {
        return Dtype.named(tensor.dtype()).isPresent();
    }
}
