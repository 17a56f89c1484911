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
}
