package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.RotaryFrequencies;
import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** Small random models and examples. */
public final class SmallModel {

    private static final Map<String, String> FAMILIES = Map.of(
            "llama", """
            "hidden_size": 12, "intermediate_size": 10, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "head_dim": 6, "rms_norm_eps": 1e-05, "max_position_embeddings": 64,
            "tie_word_embeddings": false
            """,
            "qwen3", """
            "hidden_size": 12, "intermediate_size": 10, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "head_dim": 6, "rms_norm_eps": 1e-05, "max_position_embeddings": 64,
            "tie_word_embeddings": true, "hidden_act": "silu"
            """,
            "gemma2", """
            "hidden_size": 12, "intermediate_size": 10, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "head_dim": 6, "rms_norm_eps": 1e-05, "max_position_embeddings": 64,
            "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 6, "sliding_window": 3,
            "attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0, "tie_word_embeddings": true
            """,
            "phi3", """
            "hidden_size": 12, "intermediate_size": 10, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 1, "rms_norm_eps": 1e-05, "max_position_embeddings": 64,
            "original_max_position_embeddings": 64, "tie_word_embeddings": false
            """,
            "gpt2", """
            "n_embd": 12, "n_head": 3, "n_layer": 2, "n_positions": 16, "layer_norm_epsilon": 1e-05,
            "activation_function": "gelu_new", "tie_word_embeddings": true
            """);

    private SmallModel() {}

    /** The families whose parts differ. */
    static Stream<String> families() {
        return FAMILIES.keySet().stream().sorted();
    }

    /** Two layers of a family, vocabulary of 23. */
    static ModelConfig family(String name) {
        return family(name, 2);
    }

    /** So many layers of a family, vocabulary of 23. */
    static ModelConfig family(String name, int layers) {
        String text = "{\"model_type\": \"" + name + "\", \"vocab_size\": 23, \"eos_token_id\": 2, "
                + FAMILIES.get(name).replaceFirst("(num_hidden_layers|n_layer)\": 2", "$1\": " + layers) + "}";
        return ModelConfigParser.parse(text, name);
    }

    /** Two layers, grouped heads. */
    public static ModelConfig config(boolean tiedHead) {
        return new ModelConfig(
                "llama",
                23,
                12,
                10,
                2,
                4,
                2,
                6,
                Activation.SILU,
                1e-5,
                new RotaryFrequencies(new double[] {1, 0.3, 0.05}, 1),
                64,
                tiedHead,
                List.of(2));
    }

    public static Parameters random(ModelConfig config, Backend backend, long seed) {
        ParameterLayout layout = ParameterLayout.of(config);
        Storage storage = backend.allocate(layout.size());
        Random random = new Random(seed);
        for (ParameterLayout.Entry entry : layout.entries()) {
            float[] values = new float[Math.toIntExact(entry.size())];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((entry.vector() ? 1 : 0) + 0.4 * random.nextGaussian());
            }
            storage.write(entry.offset(), values, 0, values.length);
        }
        return new Parameters(layout, storage);
    }

    public static Parameters zeros(ModelConfig config, Backend backend) {
        ParameterLayout layout = ParameterLayout.of(config);
        return new Parameters(layout, backend.allocate(layout.size()));
    }

    public static int[] tokens(Random random, int length) {
        return random.ints(length, 3, 23).toArray();
    }

    public static Example pair(Random random, int prompt, int chosen, int rejected) {
        return new Example(tokens(random, prompt), List.of(tokens(random, chosen), tokens(random, rejected)));
    }
}
