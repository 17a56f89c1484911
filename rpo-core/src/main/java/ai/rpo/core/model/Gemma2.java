package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/** Gemma 2: Gemma with norms after attention and feed-forward, capped scores and logits, and a window in every other layer. */
final class Gemma2 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(256_000, 2304, 9216, 26, 8, 4, 256, 8192, 1e-6, true, List.of(1));

    private static final WeightNames NAMES = WeightNames.llamaWith(
            new WeightNames.Attention(
                    WeightNames.Attention.LLAMA.norm(),
                    WeightNames.Attention.LLAMA.queryKeyValue(),
                    List.of(),
                    WeightNames.Attention.LLAMA.output(),
                    Optional.of("post_attention_layernorm")),
            new WeightNames.FeedForward(
                    "pre_feedforward_layernorm",
                    WeightNames.FeedForward.LLAMA.input(),
                    WeightNames.FeedForward.LLAMA.output(),
                    Optional.of("post_feedforward_layernorm")));

    @Override
    public String modelType() {
        return "gemma2";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        Gemma.refuseBidirectional(file);
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        int window = file.isNull("sliding_window") ? 0 : file.positiveInt("sliding_window", 4096);
        return keys.config(
                keys.activation("hidden_activation", "gelu_pytorch_tanh"),
                keys.rotary(),
                new Architecture(
                        NAMES,
                        new Architecture.Attention(
                                1 / Math.sqrt(file.positive("query_pre_attn_scalar", 256)),
                                cap(file, "attn_logit_softcapping", 50),
                                keys.windowInSomeLayers(window, 0, 2)),
                        Architecture.Norm.RMS_PLUS_ONE,
                        true,
                        keys.biases(false),
                        Math.sqrt(keys.hidden()),
                        cap(file, "final_logit_softcapping", 30)));
    }

    private static double cap(JsonObject file, String key, double otherwise) {
        return file.isNull(key) ? 0 : file.positive(key, otherwise);
    }
}
