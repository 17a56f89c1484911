package ai.rpo.core.model;

import java.util.List;
import java.util.Optional;

/** Gemma 2: Gemma with norms after attention and feed-forward, capped scores and logits, and a window in every other layer. */
final class Gemma2 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(256_000, 2304, 9216, 26, 8, 4, 256, 8192, 1e-6, true, List.of(1));

    static final WeightNames NAMES = WeightNames.LLAMA
            .with(WeightNames.Attention.LLAMA.withNorms(
                    WeightNames.Attention.LLAMA.norm(), Optional.of("post_attention_layernorm")))
            .with(WeightNames.FeedForward.LLAMA.withNorms(
                    Optional.of("pre_feedforward_layernorm"), Optional.of("post_feedforward_layernorm")));

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
                Gemma.architecture(keys)
                        .with(NAMES)
                        .with(attention(file)
                                .withCap(cap(file, "attn_logit_softcapping", 50))
                                .withWindows(keys.windowInSomeLayers(window, 0, 2)))
                        .withLogitCap(cap(file, "final_logit_softcapping", 30)));
    }

    /** Full attention; queries have a scale of their own. */
    static Architecture.Attention attention(JsonObject file) {
        return Architecture.Attention.scaled(1 / Math.sqrt(file.positive("query_pre_attn_scalar", 256)));
    }

    static double cap(JsonObject file, String key, double otherwise) {
        return file.isNull(key) ? 0 : file.positive(key, otherwise);
    }
}
