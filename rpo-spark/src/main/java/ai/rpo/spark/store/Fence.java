package ai.rpo.spark.store;

/** Asked before something is published: whether this process still may. */
public interface Fence {

    /** Lets everything pass: for whoever is alone. */
    Fence NONE = () -> {};

    /** @throws ai.rpo.core.RpoException if another process has taken over */
    void check();
}
