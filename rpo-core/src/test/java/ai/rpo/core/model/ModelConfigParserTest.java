package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Activation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigParserTest {

    @Test
    void defaultsAreThoseOfTransformers() {
        ModelConfig config = parse("");
        assertEquals("llama", config.modelType());
        assertEquals(32_000, config.vocabularySize());
        assertEquals(4096, config.hiddenSize());
        assertEquals(11_008, config.intermediateSize());
        assertEquals(32, config.layers());
        assertEquals(32, config.heads());
        assertEquals(32, config.keyValueHeads());
        assertEquals(128, config.headDim());
        assertEquals(Activation.SILU, config.activation());
        assertEquals(1e-6, config.normEpsilon());
        assertEquals(2048, config.contextLength());
        assertFalse(config.tiedHead());
        assertEquals(List.of(2), config.eosIds());
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
                "quantization_config; {\"quant_method\": \"gptq\"}",
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
    @ValueSource(strings = {"{\"model_type\": \"mixtral\"}", "{\"model_type\": \"bert\"}", "{}"})
    void unknownFamilyIsRefusedWithThoseThatAreKnown(String json) {
        RpoException e = assertThrows(RpoException.class, () -> ModelConfigParser.parse(json, "some/config.json"));
        assertTrue(e.getMessage().contains("model_type"), e.getMessage());
        assertTrue(e.getMessage().contains("llama"), e.getMessage());
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
