package ai.rpo.core.model;

import ai.rpo.core.tensor.Activation;
import java.util.List;

/** Gemma: Llama with GELU gates, norms of gain 1 + w, and embeddings scaled by √hidden. */
final class Gemma implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(256_000, 3072, 24_576, 28, 16, 16, 256, 8192, 1e-6, true, List.of(1));

    @Override
    public String modelType() {
        return "gemma";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        refuseBidirectional(file);
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        return keys.config(activation(file, keys), keys.rotary(), architecture(keys));
    }

    static Architecture architecture(SharedKeys keys) {
        return Architecture.llama(keys.headDim())
                .with(Architecture.Norm.RMS_PLUS_ONE)
                .with(keys.biases(false))
                .with(Architecture.Multipliers.ofEmbedding(Math.sqrt(keys.hidden())));
    }

    /** The first release said {@code gelu} and meant its tanh form. */
    private static Activation activation(JsonObject file, SharedKeys keys) {
        String key = "hidden_act";
        return file.text(key, "").equals("gelu") ? Activation.GELU_TANH : keys.activation(key, "gelu_pytorch_tanh");
    }

    static void refuseBidirectional(JsonObject file) {
        if (file.flag("use_bidirectional_attention", false)) {
            throw file.refuse("use_bidirectional_attention", "but only causal models are supported");
        }
    }
}
