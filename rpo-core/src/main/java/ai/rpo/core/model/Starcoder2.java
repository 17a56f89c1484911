package ai.rpo.core.model;

import java.util.List;

/** StarCoder 2: Mistral with LayerNorm, biases and a plain feed-forward. */
final class Starcoder2 implements Family {

    private static final SharedKeys.Defaults DEFAULTS =
            new SharedKeys.Defaults(49_152, 3072, 12_288, 30, 24, 2, 0, 4096, 1e-5, true, List.of(50_256));

    private static final WeightNames NAMES = WeightNames.LLAMA.with(
            new WeightNames.FeedForward("post_attention_layernorm", List.of("mlp.c_fc"), "mlp.c_proj"));

    @Override
    public String modelType() {
        return "starcoder2";
    }

    @Override
    public ModelConfig read(JsonObject file) {
        SharedKeys keys = new SharedKeys(file, DEFAULTS);
        Architecture llama = Architecture.llama(keys.headDim());
        return keys.config(
                keys.activation("hidden_act", "gelu_pytorch_tanh"),
                keys.epsilon("norm_epsilon"),
                keys.rotary(),
                llama.with(NAMES)
                        .with(llama.attention().withWindows(keys.windowEverywhere(0)))
                        .with(Architecture.Norm.LAYER)
                        .with(file.flag("use_bias", true) ? Architecture.Biases.IN_BLOCKS : Architecture.Biases.NONE)
                        .withPlainFeedForward());
    }
}
