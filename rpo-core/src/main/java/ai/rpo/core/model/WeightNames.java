package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a family calls its weights, and which it has. Names are without {@code .weight} and {@code .bias}; those of a
 * block follow {@link #block}.
 *
 * @param positions table of learned positions, where there is no rotary embedding
 * @param blocks what the names of all blocks begin with
 * @param inputMajor whether projections are stored {@code [in, out]} rather than {@code [out, in]}
 */
public record WeightNames(
        String embedding,
        Optional<String> positions,
        String blocks,
        Attention attention,
        FeedForward feedForward,
        String finalNorm,
        String head,
        boolean inputMajor) {

    /**
     * @param norm normalizes what attention reads
     * @param queryKeyValue projections that lie side by side, or one that is all three
     * @param headNorms RMSNorm of each query head and of each key head; two or none
     * @param afterNorm normalizes what attention adds to the residual stream
     */
    public record Attention(
            String norm,
            List<String> queryKeyValue,
            List<String> headNorms,
            String output,
            Optional<String> afterNorm) {

        static final Attention LLAMA = new Attention(
                "input_layernorm",
                List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
                List.of(),
                "self_attn.o_proj",
                Optional.empty());

        public Attention {
            queryKeyValue = List.copyOf(queryKeyValue);
            headNorms = List.copyOf(headNorms);
        }
    }

    /**
     * @param norm normalizes what the feed-forward reads
     * @param input gate and up, or one that is both, or the only one
     * @param afterNorm normalizes what the feed-forward adds to the residual stream
     */
    public record FeedForward(String norm, List<String> input, String output, Optional<String> afterNorm) {

        static final FeedForward LLAMA = new FeedForward(
                "post_attention_layernorm", List.of("mlp.gate_proj", "mlp.up_proj"), "mlp.down_proj", Optional.empty());

        public FeedForward {
            input = List.copyOf(input);
        }
    }

    static final WeightNames LLAMA = llamaWith(Attention.LLAMA, FeedForward.LLAMA);

    static WeightNames llamaWith(Attention attention, FeedForward feedForward) {
        return new WeightNames(
                "model.embed_tokens",
                Optional.empty(),
                "model.layers.",
                attention,
                feedForward,
                "model.norm",
                "lm_head",
                false);
    }

    WeightNames withHead(String other) {
        return new WeightNames(embedding, positions, blocks, attention, feedForward, finalNorm, other, inputMajor);
    }

    /** What the names of one block's weights begin with. */
    public String block(int layer) {
        return blocks + layer + ".";
    }

    /** A block's projections by their full names, those of one input together. */
    public List<List<String>> projections(int layer) {
        String block = block(layer);
        return Stream.of(
                        attention.queryKeyValue(),
                        List.of(attention.output()),
                        feedForward.input(),
                        List.of(feedForward.output()))
                .map(names -> names.stream().map(block::concat).toList())
                .toList();
    }

    /** The weight that the final hidden state is multiplied with. */
    public String headWeight(boolean tied) {
        return (tied ? embedding : head) + ".weight";
    }

    /** What a checkpoint of the model without its head leaves out of every name, such as {@code model.}. */
    String basePrefix() {
        return embedding.substring(0, embedding.indexOf('.') + 1);
    }
}
