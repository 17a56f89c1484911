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

    private static final String SIZES = """
            "hidden_size": 12, "intermediate_size": 10, "num_hidden_layers": 2, "num_attention_heads": 4,
            "max_position_embeddings": 64,
            """;
    private static final String GROUPED = SIZES + """
            "num_key_value_heads": 2, "head_dim": 6,
            """;

    private static final Map<String, String> FAMILIES = Map.ofEntries(
            Map.entry("llama", GROUPED + """
            "rms_norm_eps": 1e-05, "tie_word_embeddings": false
            """),
            Map.entry("ministral3", GROUPED + """
            "rope_parameters": {"rope_type": "default", "original_max_position_embeddings": 3, "llama_4_scaling_beta": 0.5}
            """),
            Map.entry("qwen3", GROUPED + """
            "rms_norm_eps": 1e-05, "tie_word_embeddings": true, "hidden_act": "silu"
            """),
            Map.entry("gemma2", GROUPED + """
            "rms_norm_eps": 1e-05, "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 6, "sliding_window": 3,
            "attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0, "tie_word_embeddings": true
            """),
            Map.entry("gemma3_text", GROUPED + """
            "query_pre_attn_scalar": 6, "sliding_window": 3, "sliding_window_pattern": 2
            """),
            Map.entry("olmo2", SIZES + """
            "num_key_value_heads": 2, "head_dim": 6
            """),
            Map.entry("mixtral", GROUPED + """
            "num_local_experts": 5, "num_experts_per_tok": 2
            """),
            Map.entry("qwen2_moe", GROUPED + """
            "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 7, "shared_expert_intermediate_size": 9
            """),
            Map.entry("qwen3_moe", GROUPED + """
            "num_experts": 4, "num_experts_per_tok": 3, "moe_intermediate_size": 7, "mlp_only_layers": [0]
            """),
            Map.entry("gpt_oss", GROUPED + """
            "num_local_experts": 3, "num_experts_per_tok": 2, "sliding_window": 3, "swiglu_limit": 1.5
            """),
            Map.entry("granite", GROUPED + """
            "embedding_multiplier": 2, "attention_multiplier": 0.5, "residual_multiplier": 0.7, "logits_scaling": 3
            """),
            Map.entry("cohere2", GROUPED + """
            "logit_scale": 0.5, "sliding_window": 3, "sliding_window_pattern": 2
            """),
            Map.entry("phi", SIZES + """
            "head_dim": 8, "layer_norm_eps": 1e-05
            """),
            Map.entry("phi3", """
            "hidden_size": 12, "intermediate_size": 10, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_key_value_heads": 1, "rms_norm_eps": 1e-05, "max_position_embeddings": 64,
            "original_max_position_embeddings": 64, "tie_word_embeddings": false
            """),
            Map.entry("gpt_neox", SIZES + """
            "head_dim": 8
            """),
            Map.entry("gpt2", """
            "n_embd": 12, "n_head": 3, "n_layer": 2, "n_positions": 16, "layer_norm_epsilon": 1e-05,
            "activation_function": "gelu_new", "tie_word_embeddings": true
            """));

    private SmallModel() {}

    /** The families whose parts differ. */
    static Stream<String> families() {
        return FAMILIES.keySet().stream().sorted();
    }

    /** Two layers of a family, vocabulary of 23. */
    public static ModelConfig family(String name) {
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
