package ai.rpo.core.model;

import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Packing;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;

/** Gives the numbers of a model's weights, piece by piece, wherever they come from. */
@FunctionalInterface
public interface Weights {

    /**
     * Fills what remains of {@code target}.
     *
     * @param entry which weight
     * @param elementOffset first element wanted, in row-major order
     */
    void read(ParameterLayout.Entry entry, long elementOffset, FloatBuffer target);

    /** Tells how a matrix is kept in fewer bits than float32, if it is; see {@link #packed}. */
    default Optional<Packing> packing(ParameterLayout.Entry entry) {
        return Optional.empty();
    }

    /**
     * A matrix in fewer bits, whose numbers are those that {@link #read} gives, rows in the order of the file.
     *
     * @throws IllegalStateException unless {@link #packing} says how
     */
    default PackedMatrix packed(ParameterLayout.Entry entry) {
        throw new IllegalStateException(entry.name() + " is not packed.");
    }

    /** Tells whether all numbers of a weight are bfloat16; reads them, as far as they are, where nothing else says so. */
    default boolean isBfloat16(ParameterLayout.Entry entry) {
        float[] chunk = new float[(int) Math.min(1 << 20, entry.size())];
        for (long done = 0; done < entry.size(); done += chunk.length) {
            int length = (int) Math.min(chunk.length, entry.size() - done);
            read(entry, done, FloatBuffer.wrap(chunk, 0, length));
            for (int i = 0; i < length; i++) {
                if ((Float.floatToRawIntBits(chunk[i]) & 0xffff) != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Takes numbers as they are read. */
    @FunctionalInterface
    interface Sink {

        /**
         * @param elementOffset where in the weight they belong
         * @param numbers of which the first {@code length} count, until the call returns
         */
        void write(ParameterLayout.Entry entry, long elementOffset, float[] numbers, int length);
    }

    /** Reads every weight of a layout, in its order, in pieces of a few megabytes. */
    default void readAll(ParameterLayout layout, Sink sink) {
        readAll(layout.entries(), sink);
    }

    /** Reads some of them. */
    default void readAll(List<ParameterLayout.Entry> entries, Sink sink) {
        float[] chunk = new float[1 << 20];
        for (ParameterLayout.Entry entry : entries) {
            for (long done = 0; done < entry.size(); done += chunk.length) {
                int length = (int) Math.min(chunk.length, entry.size() - done);
                read(entry, done, FloatBuffer.wrap(chunk, 0, length));
                sink.write(entry, done, chunk, length);
            }
        }
    }
}
