package ai.rpo.core.preference;

/** Which pairs are made of several rated completions of one prompt. */
public enum RatedPairs {
    /** The best one and the worst one. */
    BEST_WORST,
    /** Every two of which one is rated above the other. */
    ALL
}
