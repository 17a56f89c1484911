package ai.rpo.core.model;

import ai.rpo.core.tensor.ClampedGate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Says how a family of decoders computes, beside its sizes. The decoder is put together from this; a new family is a
 * new combination of these parts.
 *
 * @param names the weights it has, by their names in the file
 * @param attention how queries meet keys
 * @param norm which normalization is used throughout
 * @param gatedFeedForward whether the feed-forward is {@code down(activation(gate(x))·up(x))} or
 *     {@code down(activation(up(x)))}
 * @param biases which projections add a bias
 * @param residual how a block adds attention and feed-forward to its input
 * @param multipliers of the residual stream's ends and branches
 * @param mixture what stands in place of the one feed-forward in some or all layers
 * @param logitCap c of {@code c·tanh(logit/c)} on the final logits; 0 for none
 */
public record Architecture(
        WeightNames names,
        Attention attention,
        Norm norm,
        boolean gatedFeedForward,
        Biases biases,
        Residual residual,
        Multipliers multipliers,
        Optional<Mixture> mixture,
        double logitCap) {

    /** The normalization of the residual stream. */
    public enum Norm {
        /** RMSNorm with gain w. */
        RMS,
        /** RMSNorm with gain 1 + w. */
        RMS_PLUS_ONE,
        /** LayerNorm with gain and bias. */
        LAYER,
        /** LayerNorm with a gain alone. */
        LAYER_WITHOUT_BIAS
    }

    /** Says what a block's feed-forward reads. */
    public enum Residual {
        /** The block's input with what attention added to it. */
        SEQUENTIAL,
        /** The block's input, as attention does. */
        PARALLEL
    }

    /**
     * @param scale factor of q·k
     * @param scoreCap c of {@code c·tanh(score/c)} before the softmax; 0 for none
     * @param windows for each layer, how many positions a token sees, itself included, or 0 for all; empty if every
     *     layer sees all
     * @param queryScaling what queries are multiplied with, where that depends on their position
     */
    public record Attention(double scale, double scoreCap, List<Integer> windows, Optional<QueryScaling> queryScaling) {

        public Attention {
            windows = List.copyOf(windows);
        }

        /** Full attention with scores of this scale. */
        static Attention scaled(double scale) {
            return new Attention(scale, 0, List.of(), Optional.empty());
        }

        /** Full attention with the usual 1/√headDim. */
        static Attention full(int headDim) {
            return scaled(1 / Math.sqrt(headDim));
        }

        Attention withCap(double cap) {
            return new Attention(scale, cap, windows, queryScaling);
        }

        Attention withWindows(List<Integer> perLayer) {
            return new Attention(scale, scoreCap, perLayer, queryScaling);
        }

        Attention with(QueryScaling scaling) {
            return new Attention(scale, scoreCap, windows, Optional.of(scaling));
        }

        public int window(int layer) {
            return windows.isEmpty() ? 0 : windows.get(layer);
        }
    }

    /**
     * Queries grow with their position: times {@code 1 + beta·ln(1 + ⌊position/length⌋)}.
     *
     * @param length positions that have the factor 1
     */
    public record QueryScaling(double beta, int length) {

        public double at(int position) {
            return 1 + beta * Math.log1p((double) (position / length));
        }
    }

    /**
     * @param attentionInput of the query, key and value projections
     * @param attentionOutput of the output projection
     * @param feedForward of all projections of the feed-forward
     * @param head of the projection to the vocabulary
     */
    public record Biases(boolean attentionInput, boolean attentionOutput, boolean feedForward, boolean head) {

        static final Biases NONE = new Biases(false, false, false, false);

        Biases withoutHead() {
            return new Biases(attentionInput, attentionOutput, feedForward, false);
        }

        /** Has biases in all projections but the head. */
        static final Biases IN_BLOCKS = new Biases(true, true, true, false);
    }

    /**
     * @param embedding of the token embeddings
     * @param residual of what attention and feed-forward add to the residual stream
     * @param logits of the final logits, before they are capped
     */
    public record Multipliers(double embedding, double residual, double logits) {

        static final Multipliers NONE = new Multipliers(1, 1, 1);

        static Multipliers ofEmbedding(double factor) {
            return new Multipliers(factor, 1, 1);
        }
    }

    /**
     * A mixture of experts: each token goes through a few of many feed-forwards, which a router chooses for it, and
     * gets the sum of their results, each times its share.
     *
     * @param layers whether each layer has one
     * @param experts feed-forwards there are
     * @param chosen of them for a token, those with the largest of the router's logits
     * @param columns between an expert's projections
     * @param shares what the results are multiplied with
     * @param gate of experts that do not gate as {@link Architecture} says
     * @param sharedColumns between the projections of the expert that every token goes through; 0 where there is none
     */
    public record Mixture(
            WeightNames.Experts names,
            List<Boolean> layers,
            int experts,
            int chosen,
            int columns,
            Shares shares,
            Optional<ClampedGate> gate,
            int sharedColumns) {

        public Mixture {
            layers = List.copyOf(layers);
        }

        /** Experts that gate as the architecture says, and none that every token goes through. */
        public Mixture(
                WeightNames.Experts names, List<Boolean> layers, int experts, int chosen, int columns, Shares shares) {
            this(names, layers, experts, chosen, columns, shares, Optional.empty(), 0);
        }

        Mixture with(ClampedGate other) {
            return new Mixture(names, layers, experts, chosen, columns, shares, Optional.of(other), sharedColumns);
        }

        Mixture with(WeightNames.SharedExpert shared, int itsColumns) {
            return new Mixture(names.with(shared), layers, experts, chosen, columns, shares, gate, itsColumns);
        }
    }

    /** Says what an expert's result is multiplied with: an element of a softmax of the router's logits. */
    public enum Shares {
        /** Over all experts, so that a token's shares add up to less than 1. */
        OF_ALL,
        /** Over those chosen, which is the same as dividing shares of all by their sum. */
        OF_CHOSEN
    }

    /** The plain case: RMSNorm, gated feed-forward, no biases. */
    static Architecture llama(int headDim) {
        return new Architecture(
                WeightNames.LLAMA,
                Attention.full(headDim),
                Norm.RMS,
                true,
                Biases.NONE,
                Residual.SEQUENTIAL,
                Multipliers.NONE,
                Optional.empty(),
                0);
    }

    Architecture with(WeightNames other) {
        return new Architecture(
                other, attention, norm, gatedFeedForward, biases, residual, multipliers, mixture, logitCap);
    }

    Architecture with(Attention other) {
        return new Architecture(names, other, norm, gatedFeedForward, biases, residual, multipliers, mixture, logitCap);
    }

    Architecture with(Norm other) {
        return new Architecture(
                names, attention, other, gatedFeedForward, biases, residual, multipliers, mixture, logitCap);
    }

    Architecture with(Biases other) {
        return new Architecture(
                names, attention, norm, gatedFeedForward, other, residual, multipliers, mixture, logitCap);
    }

    Architecture with(Residual other) {
        return new Architecture(
                names, attention, norm, gatedFeedForward, biases, other, multipliers, mixture, logitCap);
    }

    Architecture with(Multipliers other) {
        return new Architecture(names, attention, norm, gatedFeedForward, biases, residual, other, mixture, logitCap);
    }

    Architecture with(Mixture other) {
        return new Architecture(
                names, attention, norm, gatedFeedForward, biases, residual, multipliers, Optional.of(other), logitCap);
    }

    Architecture withPlainFeedForward() {
        return new Architecture(names, attention, norm, false, biases, residual, multipliers, mixture, logitCap);
    }

    Architecture withLogitCap(double cap) {
        return new Architecture(names, attention, norm, gatedFeedForward, biases, residual, multipliers, mixture, cap);
    }

    /** Gives what stands in place of a layer's feed-forward, if anything does. */
    public Optional<Mixture> mixture(int layer) {
        return mixture.filter(some -> some.layers().get(layer));
    }

    /**
     * A block's projections that can be adapted, by their full names, those of one input together. Of a mixture of
     * experts these are attention's: PEFT takes the names of others, in layers without experts too, for those of
     * experts.
     */
    public List<List<String>> projections(int layer) {
        String block = names.block(layer);
        List<List<String>> projections = new ArrayList<>(List.of(
                names.attention().queryKeyValue(), List.of(names.attention().output())));
        if (mixture.isEmpty()) {
            projections.add(names.feedForward().input());
            projections.add(List.of(names.feedForward().output()));
        }
        return projections.stream()
                .map(group -> group.stream().map(block::concat).toList())
                .toList();
    }
}
