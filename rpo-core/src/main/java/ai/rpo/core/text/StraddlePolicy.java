package ai.rpo.core.text;

/** Says what becomes of a completion whose first characters belong to a token that begins in the prompt. */
public enum StraddlePolicy {
    /** The completion is tokenised by itself. */
    SEPARATE,
    /** The row is left out. */
    DROP,
    /** The job stops. */
    FAIL
}
