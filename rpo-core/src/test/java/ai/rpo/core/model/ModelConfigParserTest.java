package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Activation;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigParserTest {

    /** {@code defaults.json} holds what transformers takes; {@code make_defaults.py} beside it wrote it. */
    @TestFactory
    List<DynamicTest> defaultsAreThoseOfTransformers() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (InputStream golden = getClass().getResourceAsStream("/model/defaults.json")) {
            for (JsonNode given : new ObjectMapper().readTree(golden)) {
                tests.add(DynamicTest.dynamicTest(given.get("model_type").asText(), () -> checkDefaults(given)));
            }
        }
        assertEquals(Family.ALL.size(), tests.size());
        return tests;
    }

    private static void checkDefaults(JsonNode given) {
        String family = given.get("model_type").asText();
        ModelConfig config = ModelConfigParser.parse("{\"model_type\": \"" + family + "\"}", "config.json");
        assertEquals(family, config.modelType());
        assertEquals(
                Optional.ofNullable(given.get("classifier").textValue()),
                Family.named(family).flatMap(Family::classifier).map(name -> name + RewardHead.CLASSIFIER));
        assertEquals(given.get("vocabularySize").intValue(), config.vocabularySize());
        assertEquals(given.get("hiddenSize").intValue(), config.hiddenSize());
        assertEquals(given.get("intermediateSize").intValue(), config.intermediateSize());
        assertEquals(given.get("layers").intValue(), config.layers());
        assertEquals(given.get("heads").intValue(), config.heads());
        assertEquals(given.get("keyValueHeads").intValue(), config.keyValueHeads());
        assertEquals(given.get("headDim").intValue(), config.headDim());
        assertEquals(given.get("normEpsilon").doubleValue(), config.normEpsilon());
        assertEquals(given.get("contextLength").intValue(), config.contextLength());
        assertEquals(given.get("tiedHead").booleanValue(), config.tiedHead());
        assertEquals(integers(given.get("eosIds")), config.eosIds());
        assertEquals(
                integers(given.get("windows")),
                config.architecture().attention().windows());
        assertEquals(
                given.get("scoreCap").doubleValue(),
                config.architecture().attention().scoreCap());
        assertEquals(given.get("logitCap").doubleValue(), config.architecture().logitCap());
        assertEquals(
                given.get("scale").doubleValue(),
                config.architecture().attention().scale(),
                1e-12);
        Architecture.Multipliers multipliers = config.architecture().multipliers();
        assertEquals(given.get("embedding").doubleValue(), multipliers.embedding(), 1e-12);
        assertEquals(given.get("residual").doubleValue(), multipliers.residual());
        assertEquals(given.get("logits").doubleValue(), multipliers.logits());
        Optional<Architecture.Mixture> mixture = config.architecture().mixture();
        assertEquals(
                given.get("experts").intValue(),
                mixture.map(Architecture.Mixture::experts).orElse(0));
        assertEquals(
                given.get("chosen").intValue(),
                mixture.map(Architecture.Mixture::chosen).orElse(0));
        assertEquals(
                given.get("sharesOfAll").booleanValue(),
                mixture.map(Architecture.Mixture::shares).equals(Optional.of(Architecture.Shares.OF_ALL)));
        assertEquals(
                given.get("parameters").longValue(), ParameterLayout.of(config).size());
        for (int layer = 0; layer < config.layers(); layer++) {
            checkRotation(
                    config.rotary(layer).inverse(), given.get("rotated").intValue(), given.at("/slowest/" + layer));
        }
    }

    /** @param slowest of the frequencies, or nothing in a layer that does not know positions */
    private static void checkRotation(double[] inverse, int rotated, JsonNode slowest) {
        if (slowest.isNumber()) {
            assertEquals(rotated, 2 * inverse.length);
            assertEquals(slowest.doubleValue(), inverse[inverse.length - 1], 1e-12);
        } else {
            assertEquals(0, inverse.length);
        }
    }

    private static List<Integer> integers(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::intValue)
                .toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "mistral; sliding_window; 0",
                "qwen2; max_window_layers; -1",
                "gemma; use_bidirectional_attention; true",
                "gemma2; attn_logit_softcapping; 0",
                "gemma2; hidden_activation; \"relu\"",
                "gemma3_text; attn_logit_softcapping; 50.0",
                "gemma3_text; use_bidirectional_attention; true",
                "gemma3_text; sliding_window; null",
                "ministral3; sliding_window; 0",
                "olmo3; layer_types; [\"chunked_attention\"]",
                "smollm3; no_rope_layers; [1,1]",
                "granite; residual_multiplier; 0",
                "exaone4; sliding_window_pattern; \"LLLG\"",
                "glm4; partial_rotary_factor; 2",
                "cohere2; sliding_window; null",
                "stablelm; qk_layernorm; true",
                "starcoder2; hidden_act; \"relu\"",
                "phi; qk_layernorm; true",
                "gpt_neox; rotary_pct; 1.2",
                "gpt_neox; num_key_value_heads; 8",
                "phi3; partial_rotary_factor; 1.5",
                "mixtral; num_local_experts; 0",
                "mixtral; num_experts_per_tok; 9",
                "qwen3_moe; decoder_sparse_step; 0",
                "qwen3_moe; mlp_only_layers; [-1]",
                "olmoe; clip_qkv; 8.0",
                "gpt_oss; swiglu_limit; 0",
                "gpt_oss; sliding_window; null",
                "gpt2; add_cross_attention; true",
                "gpt2; scale_attn_by_inverse_layer_idx; true",
                "gpt2; activation_function; \"relu\"",
                "gpt2; n_head; 7"
            })
    void isRefusedInItsFamily(String family, String key, String value) {
        RpoException e = assertThrows(
                RpoException.class,
                () -> ModelConfigParser.parse(
                        "{\"model_type\": \"" + family + "\", \"" + key + "\": " + value + "}", "config.json"));
        assertTrue(e.getMessage().contains(key.equals("n_head") ? "n_head = 7" : key + " is " + value), e.getMessage());
    }

    @Test
    void layerTypesMustBeKnown() {
        RpoException e = assertThrows(RpoException.class, () -> ModelConfigParser.parse("""
                        {"model_type": "gemma2", "num_hidden_layers": 2, "layer_types": ["full_attention", "chunked"]}
                        """, "config.json"));
        assertTrue(e.getMessage().contains("chunked"), e.getMessage());
    }

    @Test
    void everyKeyIsRead() {
        ModelConfig config = parse("""
                , "vocab_size": 11, "hidden_size": 12, "intermediate_size": 13, "num_hidden_layers": 3,
                "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 4, "hidden_act": "gelu_pytorch_tanh",
                "rms_norm_eps": 0.001, "max_position_embeddings": 77, "tie_word_embeddings": true,
                "eos_token_id": [7, 8], "attention_bias": false, "mlp_bias": false
                """);
        assertEquals(11, config.vocabularySize());
        assertEquals(12, config.hiddenSize());
        assertEquals(13, config.intermediateSize());
        assertEquals(3, config.layers());
        assertEquals(6, config.heads());
        assertEquals(2, config.keyValueHeads());
        assertEquals(4, config.headDim());
        assertEquals(Activation.GELU_TANH, config.activation());
        assertEquals(0.001, config.normEpsilon());
        assertEquals(77, config.contextLength());
        assertTrue(config.tiedHead());
        assertEquals(List.of(7, 8), config.eosIds());
    }

    @Test
    void nullCountsAsAbsent() {
        ModelConfig config =
                parse(", \"head_dim\": null, \"num_key_value_heads\": null, \"quantization_config\": null");
        assertEquals(128, config.headDim());
        assertEquals(32, config.keyValueHeads());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "num_local_experts; 8",
                "hidden_act; \"relu\"",
                "hidden_size; 0",
                "hidden_size; -4",
                "hidden_size; 4.5",
                "hidden_size; \"4096\"",
                "hidden_size; 4294967296",
                "hidden_size; 4097",
                "head_dim; 7",
                "num_key_value_heads; 5",
                "rms_norm_eps; 0",
                "tie_word_embeddings; 1",
                "eos_token_id; -1",
                "eos_token_id; [2, \"x\"]",
                "rope_scaling; 3"
            })
    void isRefusedNamingFileKeyAndValue(String key, String value) {
        RpoException e = assertThrows(RpoException.class, () -> parse(", \"" + key + "\": " + value));
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        String compact = value.replace(": ", ":").replace(", ", ",");
        assertTrue(
                e.getMessage().startsWith("Cannot use some/config.json: " + key + " is " + compact + ", "),
                e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"model_type\": \"dbrx\"}", "{\"model_type\": \"bert\"}", "{}"})
    void unknownFamilyIsRefusedWithThoseThatAreKnown(String json) {
        RpoException e = assertThrows(RpoException.class, () -> ModelConfigParser.parse(json, "some/config.json"));
        assertTrue(e.getMessage().contains("model_type"), e.getMessage());
        assertTrue(e.getMessage().contains("llama"), e.getMessage());
    }

    @Test
    void aScalingThatAFamilyLacksIsNamedByItsType() {
        RpoException e = assertThrows(
                RpoException.class,
                () -> ModelConfigParser.parse(
                        "{\"model_type\": \"phi3\", \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}}",
                        "config.json"));
        assertTrue(e.getMessage().contains("rope_scaling.type is \"linear\""), e.getMessage());
        assertTrue(e.getMessage().contains("default, longrope"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"gemma3, gemma3_text", "mistral3, mistral", "qwen2_vl, qwen2", "glm, glm4", "minimax, mi"})
    void theNearestFamilyIsNamed(String modelType, String nearest) {
        RpoException e = assertThrows(
                RpoException.class,
                () -> ModelConfigParser.parse("{\"model_type\": \"" + modelType + "\"}", "config.json"));
        assertTrue(e.getMessage().contains("The nearest by name is " + nearest), e.getMessage());
    }

    @Test
    void ofAStrangeNameNoneIsNear() {
        RpoException e = assertThrows(
                RpoException.class, () -> ModelConfigParser.parse("{\"model_type\": \"deepseek\"}", "config.json"));
        assertFalse(e.getMessage().contains("nearest"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "nonsense", "{\"a\": 1, \"a\": 2}", "{\"a\": NaN}"})
    void whatIsNotAJsonObjectIsRefused(String json) {
        RpoException e = assertThrows(RpoException.class, () -> ModelConfigParser.parse(json, "some/config.json"));
        assertTrue(e.getMessage().startsWith("Cannot read some/config.json: "), e.getMessage());
    }

    private static ModelConfig parse(String keys) {
        return ModelConfigParser.parse("{\"model_type\": \"llama\"" + keys + "}", "some/config.json");
    }
}
