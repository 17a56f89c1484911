package ai.rpo.core.decoder;

/** The tokens of a pass, one a row, and which of them see each other. */
sealed interface TokenRows permits PackedBatch, CachedBatch {

    int rows();

    int[] tokens();

    /** Place of each row's token in its sequence, from 0. */
    int[] positions();

    /** Gives for each row the tokens of its sequence: of the longest, where several share the row. */
    int[] sequenceLengths();

    /** Positions that the longest sequence takes. */
    int longestSequence();
}
