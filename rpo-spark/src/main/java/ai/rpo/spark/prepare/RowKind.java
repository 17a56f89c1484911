package ai.rpo.spark.prepare;

/** Says what the rows of a data set are for. */
public enum RowKind {
    /** Preference training: a prompt with a chosen and a rejected completion. */
    PAIRS,
    /** Supervised fine-tuning or plain scoring: a prompt with its completion. */
    EXAMPLES
}
