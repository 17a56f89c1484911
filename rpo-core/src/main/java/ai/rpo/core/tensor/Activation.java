package ai.rpo.core.tensor;

/** The nonlinearity of a feed-forward block, by the name it has in {@code config.json}. */
public enum Activation {
    /** x·σ(x). */
    SILU,
    /** 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))). */
    GELU_TANH,
    /** x·Φ(x), with Φ the standard normal distribution. */
    GELU
}
