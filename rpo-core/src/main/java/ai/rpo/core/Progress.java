package ai.rpo.core;

/** Hears how far a long step has come; called on the driver. */
@FunctionalInterface
public interface Progress {

    /** Reports to nobody. */
    Progress NONE = (what, done, total) -> {};

    /**
     * @param what the step in a word or two, such as {@code score train}
     * @param done units finished
     * @param total units in all, or 0 while unknown
     */
    void update(String what, long done, long total);
}
