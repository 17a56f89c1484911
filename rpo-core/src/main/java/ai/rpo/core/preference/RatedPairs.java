package ai.rpo.core.preference;

/** Says which pairs are made of several rated completions of one prompt. */
public enum RatedPairs {
    /** The best one and the worst one. */
    BEST_WORST,
    /** Every two of which one is rated above the other. */
    ALL
}
