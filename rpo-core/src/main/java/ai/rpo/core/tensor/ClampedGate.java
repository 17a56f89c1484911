package ai.rpo.core.tensor;

/**
 * The gate of gpt-oss: with {@code g = min(gate, limit)} and u the up clamped to {@code ±limit}, {@code (u + 1)·g·σ(alpha·g)}.
 *
 * @param alpha steepness of the sigmoid
 * @param limit what larger numbers are clamped to; they have no gradient
 */
public record ClampedGate(double alpha, double limit) {}
