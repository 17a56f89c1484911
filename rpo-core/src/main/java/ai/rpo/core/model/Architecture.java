package ai.rpo.core.model;

import java.util.List;

/**
 * How a family of decoders computes, beside its sizes. The decoder is put together from this; a new family is a new
 * combination of these parts.
 *
 * @param names the weights it has, by their names in the file
 * @param attention how queries meet keys
 * @param norm which normalization is used throughout
 * @param gatedFeedForward whether the feed-forward is {@code down(activation(gate(x))·up(x))} or
 *     {@code down(activation(up(x)))}
 * @param biases which projections add a bias
 * @param embeddingScale factor of the token embeddings, usually 1
 * @param logitCap c of {@code c·tanh(logit/c)} on the final logits; 0 for none
 */
public record Architecture(
        WeightNames names,
        Attention attention,
        Norm norm,
        boolean gatedFeedForward,
        Biases biases,
        double embeddingScale,
        double logitCap) {

    /** The normalization of the residual stream. */
    public enum Norm {
        /** RMSNorm with gain w. */
        RMS,
        /** RMSNorm with gain 1 + w. */
        RMS_PLUS_ONE,
        /** LayerNorm with gain and bias. */
        LAYER
    }

    /**
     * @param scale factor of q·k
     * @param scoreCap c of {@code c·tanh(score/c)} before the softmax; 0 for none
     * @param windows for each layer, how many positions a token sees, itself included, or 0 for all; empty if every
     *     layer sees all
     */
    public record Attention(double scale, double scoreCap, List<Integer> windows) {

        public Attention {
            windows = List.copyOf(windows);
        }

        /** Full attention with the usual 1/√headDim. */
        static Attention full(int headDim) {
            return new Attention(1 / Math.sqrt(headDim), 0, List.of());
        }

        Attention withWindows(List<Integer> perLayer) {
            return new Attention(scale, scoreCap, perLayer);
        }

        public int window(int layer) {
            return windows.isEmpty() ? 0 : windows.get(layer);
        }
    }

    /**
     * @param attentionInput of the query, key and value projections
     * @param attentionOutput of the output projection
     * @param feedForward of all projections of the feed-forward
     */
    public record Biases(boolean attentionInput, boolean attentionOutput, boolean feedForward) {

        static final Biases NONE = new Biases(false, false, false);
    }

    /** The plain case: RMSNorm, gated feed-forward, no biases. */
    static Architecture llama(int headDim) {
        return new Architecture(WeightNames.LLAMA, Attention.full(headDim), Norm.RMS, true, Biases.NONE, 1, 0);
    }

    Architecture with(WeightNames other) {
        return new Architecture(other, attention, norm, gatedFeedForward, biases, embeddingScale, logitCap);
    }

    Architecture with(Attention other) {
        return new Architecture(names, other, norm, gatedFeedForward, biases, embeddingScale, logitCap);
    }

    Architecture with(Biases other) {
        return new Architecture(names, attention, norm, gatedFeedForward, other, embeddingScale, logitCap);
    }
}
