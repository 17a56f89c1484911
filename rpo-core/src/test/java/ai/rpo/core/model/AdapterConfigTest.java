package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterConfigTest {

    private final ModelConfig model = ModelConfigParser.parse(TinyModel.CONFIG, "config.json");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "lora_bias|true",
                "modules_to_save|[\"lm_head\"]",
                "modules_to_save|[\"embed_tokens\"]",
                "modules_to_save|[\"score\"]",
                "modules_to_save|[\"k_proj\"]",
                "rank_pattern|{\"q_proj\": 0}",
                "rank_pattern|{\"[\": 3}",
                "alpha_pattern|{\"q_proj\": -3}",
                "layers_to_transform|[2]",
                "exclude_modules|[\"q_proj\"]",
                "target_parameters|[\"mlp.experts\"]",
                "bias|\"all\"",
                "peft_type|\"LOHA\"",
                "lora_dropout|1",
                "r|0",
                "target_modules|\"[\"",
                "target_modules|\"nothing\"",
                "init_lora_weights|\"pissa\"",
                "init_lora_weights|\"pissa_niter_4\"",
                "init_lora_weights|\"OLoRA\"",
                "init_lora_weights|\"corda\"",
                "init_lora_weights|\"loftq\"",
                "init_lora_weights|\"lora_ga\"",
                "init_lora_weights|\"of_tomorrow\""
            })
    void whatIsNotSupportedIsRefusedByItsName(String key, String value) {
        String text = "{\"peft_type\": \"LORA\", \"r\": 2, \"target_modules\": [\"q_proj\"]}";
        String changed = text.contains("\"" + key + "\"")
                ? text.replaceFirst("\"" + key + "\": (\\[[^]]*]|[^,}]*)", "\"" + key + "\": " + value)
                : text.replace("}", ", \"" + key + "\": " + value + "}");
        assertTrue(changed.contains(value), changed);
        RpoException refused = assertThrows(RpoException.class, () -> AdapterConfig.parse(changed, model));
        assertTrue(refused.getMessage().contains(key), refused.getMessage());
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false", "null", "\"gaussian\"", "\"eva\"", "\"orthogonal\"", "\"mica\""})
    void beginningsThatLeaveTheModelAsItIsAreTaken(String value) {
        Lora lora = AdapterConfig.parse(
                "{\"peft_type\": \"LORA\", \"target_modules\": [\"q_proj\"], \"init_lora_weights\": " + value + "}",
                model);
        assertEquals(2, lora.modules().size());
    }

    @Test
    void aKeyThatSaysSomethingUnknownIsTold() {
        JsonObject file = JsonObject.parse(
                AdapterConfig.text(model, lora(), "base")
                        .replaceFirst(
                                "\\{",
                                "{\"use_tomorrow\": true, \"of_yesterday\": null, \"eva_config\": {\"rho\": 2},"),
                "adapter_config.json");
        assertEquals(List.of("use_tomorrow"), AdapterConfig.unknownKeys(file));
    }

    private Lora lora() {
        return AdapterConfig.parse("{\"peft_type\": \"LORA\", \"target_modules\": [\"q_proj\"]}", model);
    }

    /** PEFT writes all of its keys, most of them empty. */
    @Test
    void emptyKeysSayNothing() {
        Lora lora = AdapterConfig.parse(
                "{\"peft_type\": \"LORA\", \"r\": 2, \"target_modules\": [\"q_proj\"], \"use_dora\": false,"
                        + " \"modules_to_save\": null, \"rank_pattern\": {}, \"layers_to_transform\": null}",
                model);
        assertEquals(2, lora.rank());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[\"q_proj\", \"mlp.down_proj\"]|4",
                "[\"model.layers.1.self_attn.q_proj\"]|1",
                "\"all-linear\"|14",
                "\".*\\.0\\..*_proj\"|7"
            })
    void modulesAreThoseThatPeftChooses(String targets, int count) {
        String text = "{\"peft_type\": \"LORA\", \"target_modules\": " + targets.replace("\\", "\\\\") + "}";
        Lora lora = AdapterConfig.parse(text, model);
        assertEquals(count, lora.modules().size(), lora.modules().toString());
        assertEquals(lora, AdapterConfig.parse(AdapterConfig.text(model, lora, "base"), model), "written and read");
    }

    /** The first expression that fits counts, from a dot on or whole. */
    @Test
    void patternsChooseRanksAndAlphas() {
        Lora lora = AdapterConfig.parse(
                "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 6, \"target_modules\": [\"q_proj\", \"k_proj\", \"v_proj\"],"
                        + " \"layers_to_transform\": [1], \"modules_to_save\": [\"norm\"],"
                        + " \"rank_pattern\": {\"v_proj\": 3, \"layers.*.v_proj\": 4, \"proj\": 5},"
                        + " \"alpha_pattern\": {\"^model.layers.1.self_attn.k_proj\": 1.5}}",
                model);
        String attention = "model.layers.1.self_attn.";
        assertEquals(Set.of(attention + "q_proj", attention + "k_proj", attention + "v_proj"), lora.modules());
        assertEquals(2, lora.rank(attention + "q_proj"));
        assertEquals(3, lora.rank(attention + "v_proj"));
        assertEquals(3, lora.scale(attention + "q_proj"));
        assertEquals(2, lora.scale(attention + "v_proj"));
        assertEquals(0.75, lora.scale(attention + "k_proj"));
        assertEquals(
                Set.of(
                        "model.norm",
                        "model.layers.0.input_layernorm",
                        "model.layers.0.post_attention_layernorm",
                        "model.layers.1.input_layernorm",
                        "model.layers.1.post_attention_layernorm"),
                lora.saved());
        assertEquals(lora, AdapterConfig.parse(AdapterConfig.text(model, lora, "base"), model), "written and read");
    }

    @Test
    void settingsSayTheSameAsAFile() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new LoraSettings(
                        2,
                        4,
                        0,
                        List.of("q_proj"),
                        List.of(),
                        false,
                        Map.of("q_proj", "1.5"),
                        Map.of(),
                        List.of(),
                        List.of(),
                        false,
                        BasePrecision.AS_STORED));
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> new LoraSettings(
                        2,
                        4,
                        0.1,
                        List.of("q_proj"),
                        List.of("experts.down_proj"),
                        false,
                        Map.of("[", "1"),
                        Map.of("a", "x"),
                        List.of("last"),
                        List.of(),
                        true,
                        BasePrecision.AS_STORED));
        assertEquals(5, e.getMessage().lines().count(), e.getMessage());
    }

    @Test
    void anEmbeddingThatIsTheHeadIsTrainedAsOneMatrixOrNotAtAll() {
        ModelConfig tied = ModelConfigParser.parse("""
                {"model_type": "granite", "vocab_size": 5, "hidden_size": 8, "intermediate_size": 3, "num_hidden_layers": 1,
                 "num_attention_heads": 2, "num_key_value_heads": 2, "tie_word_embeddings": true}
                """, "config.json");
        String text = """
                {"peft_type": "LORA", "target_modules": ["q_proj"], "modules_to_save": ["lm_head"], "ensure_weight_tying": %s}
                """;
        RpoException refused =
                assertThrows(RpoException.class, () -> AdapterConfig.parse(text.formatted("false"), tied));
        assertTrue(refused.getMessage().contains("PEFT parts them where ensure_weight_tying"), refused.getMessage());
        Lora lora = AdapterConfig.parse(text.formatted("true"), tied);
        assertEquals(Set.of("model.embed_tokens"), lora.saved());
        assertEquals(lora, AdapterConfig.parse(AdapterConfig.text(tied, lora, "base"), tied), "written and read");
    }

    /** Lists that serve many families are common. */
    @Test
    void namesOfOtherFamiliesArePassedOverBesideOnesOfThisOne() {
        Lora lora = AdapterConfig.parse(
                "{\"peft_type\": \"LORA\", \"target_modules\": [\"query_key_value\", \"v_proj\", \"c_attn\"]}", model);
        assertEquals(2, lora.modules().size(), lora.modules().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"lm_head", "embed_tokens", "model.embed_tokens"})
    void updatesOfEmbeddingAndHeadAreRefused(String target) {
        String text = "{\"peft_type\": \"LORA\", \"target_modules\": [\"v_proj\", \"" + target + "\"]}";
        RpoException refused = assertThrows(RpoException.class, () -> AdapterConfig.parse(text, model));
        assertTrue(refused.getMessage().contains("Merge the adapter"), refused.getMessage());
    }

    @Test
    void anUnknownModuleIsNamedWithThoseThatThereAre() {
        RpoException refused = assertThrows(
                RpoException.class,
                () -> AdapterConfig.parse("{\"peft_type\": \"LORA\", \"target_modules\": [\"c_attn\"]}", model));
        Set<String> named = Set.of("c_attn", "q_proj", "down_proj", "all-linear").stream()
                .filter(refused.getMessage()::contains)
                .collect(Collectors.toSet());
        assertEquals(4, named.size(), refused.getMessage());
    }
}
