package ai.rpo.core.model;

/**
 * Angle per position of each pair of columns in a head, after any context-extension scaling.
 *
 * @param inverse {@code [rotated columns/2]}: radians per position, θ^(−2i/columns) where nothing is scaled; shorter
 *     than half a head where only its first columns are rotated, empty where nothing is
 * @param attentionFactor what cos and sin are multiplied by; 1 but for YaRN-like scalings
 * @param longInverse what takes the place of {@code inverse} in long sequences; the same where nothing depends on
 *     length
 * @param longBeyond tokens that a sequence may have before it is long
 */
public record RotaryFrequencies(double[] inverse, double attentionFactor, double[] longInverse, int longBeyond) {

    /** No rotation: positions are learned. */
    public static final RotaryFrequencies NONE = new RotaryFrequencies(new double[0], 1);

    /** Has the same frequencies whatever the length. */
    public RotaryFrequencies(double[] inverse, double attentionFactor) {
        this(inverse, attentionFactor, inverse, Integer.MAX_VALUE);
    }

    public boolean dependOnLength() {
        return longBeyond < Integer.MAX_VALUE;
    }
}
