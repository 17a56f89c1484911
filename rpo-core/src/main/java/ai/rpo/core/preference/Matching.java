package ai.rpo.core.preference;

/** Says which pairs are made of the good and the bad completions of one prompt. */
public enum Matching {
    /** The first good one and the first bad one, the second of each, and so on. */
    IN_ORDER,
    /** Every good one with every bad one. */
    ALL
}
