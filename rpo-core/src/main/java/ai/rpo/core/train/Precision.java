package ai.rpo.core.train;

/** To what matrix products may round their inputs; everything else is float32 always. */
public enum Precision {
    FLOAT32,
    BFLOAT16
}
