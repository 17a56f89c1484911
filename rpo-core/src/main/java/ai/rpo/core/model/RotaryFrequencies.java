package ai.rpo.core.model;

/**
 * Angle per position of each pair of columns in a head, after any context-extension scaling.
 *
 * @param inverse {@code [headDim/2]}: radians per position, θ^(−2i/headDim) where nothing is scaled
 * @param attentionFactor what cos and sin are multiplied by; 1 but for YaRN-like scalings
 */
public record RotaryFrequencies(double[] inverse, double attentionFactor) {}
