package ai.rpo.core.model;

import java.nio.FloatBuffer;

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
        float[] chunk = new float[1 << 20];
        for (ParameterLayout.Entry entry : layout.entries()) {
            for (long done = 0; done < entry.size(); done += chunk.length) {
                int length = (int) Math.min(chunk.length, entry.size() - done);
                read(entry, done, FloatBuffer.wrap(chunk, 0, length));
                sink.write(entry, done, chunk, length);
            }
        }
    }
}
