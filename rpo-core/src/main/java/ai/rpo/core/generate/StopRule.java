package ai.rpo.core.generate;

/** Ends completions by more than a single token. */
@FunctionalInterface
public interface StopRule {

    /** Never ends one. */
    StopRule NONE = (ids, promptLength, length) -> false;

    /**
     * Asked after every token.
     *
     * @param ids of prompt and completion, of which the first {@code length} count
     */
    boolean ends(int[] ids, int promptLength, int length);
}
