package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/**
 * Says what a family calls its weights, and which it has. Names are without {@code .weight} and {@code .bias}; those of
 * a block follow {@link #block}.
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

    /** Says how the rows of the query, key and value projections lie in the file. */
    public enum Rows {
        /**
         * All queries, then all keys, then all values; columns that are turned together half of the turned ones apart.
         */
        AS_USED,
        /** The columns that are turned together are neighbours. */
        PAIRS_TOGETHER,
        /** Query, key and value of the first head, then those of the second, and so on. */
        BY_HEAD
    }

    /** RMSNorm of queries and of keys. */
    public enum QueryKeyNorm {
        NONE,
        /** Normalizes each head, with one weight for all query heads and one for all key heads. */
        PER_HEAD,
        /** Normalizes all heads at once. */
        OVER_ALL_HEADS
    }

    /**
     * @param norm normalizes what attention reads
     * @param queryKeyValue projections that lie side by side, or one that is all three
     * @param rows how the rows of those lie
     * @param queryKeyNorm whether there are weights {@code q_norm} and {@code k_norm}, and what they normalize
     * @param sinks a score for each head that its softmaxes look at too, and that has no value
     * @param afterNorm normalizes what attention adds to the residual stream
     */
    public record Attention(
            Optional<String> norm,
            List<String> queryKeyValue,
            Rows rows,
            QueryKeyNorm queryKeyNorm,
            Optional<String> sinks,
            String output,
            Optional<String> afterNorm) {

        static final Attention LLAMA = new Attention(
                "input_layernorm",
                List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
                "self_attn.o_proj");

        public Attention {
            queryKeyValue = List.copyOf(queryKeyValue);
        }

        /** Nothing but a norm before and projections. */
        Attention(String norm, List<String> queryKeyValue, String output) {
            this(
                    Optional.of(norm),
                    queryKeyValue,
                    Rows.AS_USED,
                    QueryKeyNorm.NONE,
                    Optional.empty(),
                    output,
                    Optional.empty());
        }

        /** RMSNorm weights of queries and keys; two or none. */
        public List<String> queryKeyNorms() {
            return queryKeyNorm == QueryKeyNorm.NONE ? List.of() : List.of("self_attn.q_norm", "self_attn.k_norm");
        }

        Attention with(Rows other) {
            return new Attention(norm, queryKeyValue, other, queryKeyNorm, sinks, output, afterNorm);
        }

        Attention with(QueryKeyNorm other) {
            return new Attention(norm, queryKeyValue, rows, other, sinks, output, afterNorm);
        }

        Attention withSinks(String name) {
            return new Attention(norm, queryKeyValue, rows, queryKeyNorm, Optional.of(name), output, afterNorm);
        }

        Attention withNorms(Optional<String> before, Optional<String> after) {
            return new Attention(before, queryKeyValue, rows, queryKeyNorm, sinks, output, after);
        }
    }

    /**
     * @param norm normalizes what the feed-forward reads; that of attention where both share one
     * @param input gate and up, or one that is both, or the only one
     * @param afterNorm normalizes what the feed-forward adds to the residual stream
     */
    public record FeedForward(Optional<String> norm, List<String> input, String output, Optional<String> afterNorm) {

        static final FeedForward LLAMA =
                new FeedForward("post_attention_layernorm", List.of("mlp.gate_proj", "mlp.up_proj"), "mlp.down_proj");

        public FeedForward {
            input = List.copyOf(input);
        }

        /** Nothing but a norm before and projections. */
        FeedForward(String norm, List<String> input, String output) {
            this(Optional.of(norm), input, output, Optional.empty());
        }

        FeedForward withNorms(Optional<String> before, Optional<String> after) {
            return new FeedForward(before, input, output, after);
        }
    }

    /**
     * A router and the experts that it chooses among.
     *
     * @param router makes a logit for each expert
     * @param all what the names of all experts begin with; the number of one follows, unless they are stacked
     * @param input gate and up of an expert, or one that is both
     * @param output of an expert
     * @param stacked whether all experts of a layer have their weights in one tensor, input first, and their biases in
     *     another
     * @param shared the expert that every token goes through, where there is one
     */
    public record Experts(
            String router,
            String all,
            List<String> input,
            String output,
            boolean stacked,
            Optional<SharedExpert> shared) {

        /** Says what the name of a stacked tensor's biases ends with. */
        public static final String BIAS = "_bias";

        /** Under the names that Qwen gave them. */
        static final Experts QWEN =
                new Experts("mlp.gate", "mlp.experts.", List.of("gate_proj", "up_proj"), "down_proj", false);

        public Experts {
            input = List.copyOf(input);
        }

        /** None that every token goes through. */
        Experts(String router, String all, List<String> input, String output, boolean stacked) {
            this(router, all, input, output, stacked, Optional.empty());
        }

        Experts with(SharedExpert other) {
            return new Experts(router, all, input, output, stacked, Optional.of(other));
        }

        /** Gives what the names of one expert's projections begin with. */
        public String expert(int number) {
            return all + number + ".";
        }
    }

    /**
     * A feed-forward with projections called as those of other experts.
     *
     * @param before what the names of its projections begin with
     * @param gate makes the number whose sigmoid its result is multiplied with
     */
    public record SharedExpert(String before, String gate) {}

    static final WeightNames LLAMA = new WeightNames(
            "model.embed_tokens",
            Optional.empty(),
            "model.layers.",
            Attention.LLAMA,
            FeedForward.LLAMA,
            "model.norm",
            "lm_head",
            false);

    WeightNames with(Attention other) {
        return new WeightNames(embedding, positions, blocks, other, feedForward, finalNorm, head, inputMajor);
    }

    WeightNames with(FeedForward other) {
        return new WeightNames(embedding, positions, blocks, attention, other, finalNorm, head, inputMajor);
    }

    WeightNames withFinalNorm(String other) {
        return new WeightNames(embedding, positions, blocks, attention, feedForward, other, head, inputMajor);
    }

    /** Nothing is normalized before it is read, everything before it is added to the residual stream. */
    WeightNames withNormsAfterOnly() {
        return with(attention.withNorms(Optional.empty(), Optional.of("post_attention_layernorm")))
                .with(feedForward.withNorms(Optional.empty(), Optional.of("post_feedforward_layernorm")));
    }

    /** The feed-forward reads what attention reads. */
    WeightNames withOneNorm() {
        return with(feedForward.withNorms(attention.norm(), feedForward.afterNorm()));
    }

    WeightNames withHead(String other) {
        return new WeightNames(embedding, positions, blocks, attention, feedForward, finalNorm, other, inputMajor);
    }

    /** Gives what the names of one block's weights begin with. */
    public String block(int layer) {
        return blocks + layer + ".";
    }

    /** The weight that the final hidden state is multiplied with. */
    public String headWeight(boolean tied) {
        return (tied ? embedding : head) + ".weight";
    }

    /** The bias of the projection to the vocabulary, where there is one. */
    public String headBias() {
        return head + ".bias";
    }

    /** Gives what a checkpoint of the model without its head leaves out of every name, such as {@code model.}. */
    String basePrefix() {
        return embedding.substring(0, embedding.indexOf('.') + 1);
    }
}
