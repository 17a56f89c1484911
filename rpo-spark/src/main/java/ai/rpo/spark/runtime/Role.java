package ai.rpo.spark.runtime;

/**
 * Says how an executor makes workers for a kind of work.
 *
 * @param <S> what all workers with an equal key share, such as weights
 * @param <W> worker, which serves one task at a time
 */
public interface Role<S, W> {

    /** Distinguishes kinds of work; an executor keeps workers of one key of each. */
    enum Kind {
        SCORE,
        GENERATE,
        TRAIN
    }

    Kind kind();

    /** Identifies workers: equal for roles whose workers may stand in for one another. */
    Object key();

    /** Names the model whose weights are only read, by its fingerprint; an empty text if there is none. */
    String weights();

    /** Loads what the workers share. */
    S load(ExecutorRuntime runtime);

    W worker(S shared);

    /** Gives a worker's own memory back. */
    void close(W worker);
}
