package ai.rpo.core.tensor;

/**
 * A dense row-major matrix: a window of a {@link Storage}. Vectors are {@code [1, n]}.
 *
 * <p>A tensor carries no arithmetic: all of it is in {@link Backend}, and a backend only accepts its own tensors.
 */
public interface Tensor {

    int rows();

    int columns();

    /** Rows {@code from} (inclusive) to {@code to} (exclusive), sharing memory with this tensor. */
    Tensor rows(int from, int to);

    /** A copy in row-major order; meant for tests, goldens and small results. */
    double[] toArray();

    default long size() {
        return (long) rows() * columns();
    }
}
