package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of mixtures of experts, each expert with tensors of its own. */
class MixtureFolderTest {

    private static final String CONFIG = """
            {"model_type": "mixtral", "vocab_size": 7, "hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 2,
            "num_attention_heads": 2, "num_key_value_heads": 1, "num_local_experts": 3}
            """;
    private static final String MOE = "model.layers.1.block_sparse_moe.";

    @TempDir
    private Path temp;

    private final Map<String, TinyModel.Raw> tensors = new TreeMap<>();

    MixtureFolderTest() {
        for (ParameterLayout.Entry entry : ParameterLayout.of(config()).entries()) {
            tensors.put(entry.name(), new TinyModel.Raw(entry.shape(), TinyModel.floats(entry)));
        }
    }

    private static ModelConfig config() {
        return ModelConfigParser.parse(CONFIG, "config.json");
    }

    @Test
    void gateAndUpOfAnExpertAreNeighbours() {
        ParameterLayout layout = ParameterLayout.of(config());
        for (int expert = 0; expert < 3; expert++) {
            ParameterLayout.Entry gate = layout.get(MOE + "experts." + expert + ".w1.weight");
            ParameterLayout.Entry up = layout.get(MOE + "experts." + expert + ".w3.weight");
            ParameterLayout.Entry down = layout.get(MOE + "experts." + expert + ".w2.weight");
            assertEquals(gate.offset() + gate.size(), up.offset());
            assertEquals(up.offset() + up.size(), down.offset());
        }
    }

    @Test
    void whatIsExportedIsReadAgain() throws IOException {
        ModelDirectory model = open();
        Path target = temp.resolve("exported");
        new ModelExport(model, Dtype.F32).write(target, model.weights(), Map.of());
        ModelDirectory exported = ModelDirectory.open(target);
        assertEquals(
                tensors.keySet(),
                new TreeSet<>(SafetensorsFile.open(target.resolve("model.safetensors"))
                        .tensors()
                        .keySet()));
        for (ParameterLayout.Entry entry : ParameterLayout.of(config()).entries()) {
            float[] numbers = new float[(int) entry.size()];
            exported.weights().read(entry, 0, FloatBuffer.wrap(numbers));
            assertArrayEquals(tensors.get(entry.name()).floats(), numbers, entry.name());
        }
    }

    @Test
    void anExpertThatIsMissingIsNamed() {
        tensors.remove(MOE + "experts.2.w3.weight");
        assertRefused(MOE + "experts.2.w3.weight is missing");
    }

    @Test
    void aRouterOfAnotherSizeIsNamed() {
        tensors.put(MOE + "gate.weight", new TinyModel.Raw(List.of(4, 4), new float[16]));
        assertRefused(MOE + "gate.weight has shape [4, 4], but config.json asks for [3, 4]");
    }

    @Test
    void anExpertTooManyIsPassedOverByName() throws IOException {
        String surplus = MOE + "experts.3.w1.weight";
        tensors.put(surplus, new TinyModel.Raw(List.of(6, 4), new float[24]));
        assertEquals(List.of(surplus), open().unusedTensors());
    }

    @Test
    void aBalancingLossThatIsAskedForIsRemarkedOn() throws IOException {
        assertEquals(List.of(), open().remarks());
        String asking = CONFIG.replace("\"vocab_size\"", "\"output_router_logits\": true, \"vocab_size\"");
        List<String> remarks =
                ModelDirectory.open(TinyModel.folder(temp, asking, tensors)).remarks();
        assertEquals(1, remarks.size());
        assertTrue(remarks.get(0).contains("output_router_logits"), remarks.get(0));
    }

    @Test
    void moreExpertsThanTensorsAreRefusedBeforeAnythingIsMadeOfThem() {
        RpoException e = assertThrows(
                RpoException.class,
                () -> ModelDirectory.open(
                        TinyModel.folder(temp, CONFIG.replace("experts\": 3", "experts\": 9999"), tensors)));
        assertTrue(e.getMessage().contains("9999 experts in a layer"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"w1", "w2", "gate", "block_sparse_moe.experts.0.w3"})
    void expertsAreNotAdapted(String target) throws IOException {
        LoraSettings lora = new LoraSettings(2, 2, 0, List.of("q_proj", target), false);
        ModelDirectory model = open();
        RpoException e = assertThrows(RpoException.class, () -> lora.on(model));
        assertTrue(
                e.getMessage().startsWith("Cannot adapt " + target + " of rpo.lora.target-modules: experts"),
                e.getMessage());
        assertTrue(e.getMessage().contains("k_proj, o_proj, q_proj, v_proj"), e.getMessage());
        String file = AdapterConfig.text(config(), new Lora(2, 2, 0, false, new TreeSet<>()), "base")
                .replace("\"target_modules\" : [ ]", "\"target_modules\" : [ \"q_proj\", \"" + target + "\" ]");
        assertThrows(RpoException.class, () -> AdapterConfig.parse(file, config()));
    }

    @Test
    void allLinearIsAttention() throws IOException {
        Lora lora = new LoraSettings(2, 2, 0, List.of("all-linear"), false)
                .on(open())
                .orElseThrow();
        assertEquals(8, lora.modules().size());
        assertTrue(lora.modules().stream().allMatch(module -> module.contains(".self_attn.")));
    }

    @Test
    void targetParametersAreExpertsOfALayerTogether() throws IOException {
        Lora lora = experts("layers.0.mlp.experts.down_proj", "gate_up_proj")
                .on(open())
                .orElseThrow();
        assertEquals(
                Set.of(
                        "model.layers.0.mlp.experts.down_proj",
                        "model.layers.0.mlp.experts.gate_up_proj",
                        "model.layers.1.mlp.experts.gate_up_proj"),
                lora.parameters());
        Map<String, List<Integer>> shapes = ParameterLayout.of(config(), lora).entries().stream()
                .collect(Collectors.toMap(
                        entry -> entry.name().replace("base_model.model.model.layers.", ""),
                        ParameterLayout.Entry::shape));
        assertEquals(List.of(6, 4), shapes.get("0.mlp.experts.base_layer.lora_A.weight"));
        assertEquals(List.of(12, 6), shapes.get("0.mlp.experts.base_layer.lora_B.weight"));
        assertEquals(List.of(6, 6), shapes.get("0.mlp.experts.lora_A.weight"));
        assertEquals(List.of(4, 6), shapes.get("0.mlp.experts.lora_B.weight"));
        assertEquals(List.of(12, 6), shapes.get("1.mlp.experts.lora_B.weight"), "alone, it is not nested");
        assertEquals(lora, AdapterConfig.parse(AdapterConfig.text(config(), lora, "base"), config()));
    }

    @ParameterizedTest
    @CsvSource({
        "mlp.experts, experts have no such projection",
        "mlp.gate.weight, experts have no such projection",
        "layers.2.mlp.experts.down_proj, experts have no such projection",
    })
    void otherTargetParametersAreRefused(String target, String why) throws IOException {
        ModelDirectory model = open();
        RpoException e = assertThrows(RpoException.class, () -> experts(target).on(model));
        assertTrue(
                e.getMessage().startsWith("Cannot adapt " + target + " of rpo.lora.target-parameters: " + why),
                e::getMessage);
    }

    @ParameterizedTest
    @CsvSource({"lora_dropout, 0.1", "use_dora, true"})
    void whatPeftDoesNotDoToExpertsIsRefused(String key, String value) {
        String file =
                "{\"peft_type\": \"LORA\", \"target_modules\": [], \"target_parameters\": [\"experts.down_proj\"], \"%s\": %s}";
        assertEquals(
                2,
                AdapterConfig.parse(file.formatted(key, 0).replace("use_dora\": 0", "use_dora\": false"), config())
                        .parameters()
                        .size());
        RpoException e =
                assertThrows(RpoException.class, () -> AdapterConfig.parse(file.formatted(key, value), config()));
        assertTrue(e.getMessage().contains(key) && e.getMessage().contains("target_parameters"), e::getMessage);
    }

    /** Settings that adapt experts alone. */
    private static LoraSettings experts(String... parameters) {
        return new LoraSettings(
                2,
                2,
                0,
                List.of(),
                List.of(parameters),
                false,
                Map.of(),
                Map.of(),
                List.of(),
                List.of(),
                false,
                BasePrecision.AS_STORED);
    }

    private ModelDirectory open() throws IOException {
        return ModelDirectory.open(TinyModel.folder(temp, CONFIG, tensors));
    }

    private void assertRefused(String why) {
        RpoException e = assertThrows(RpoException.class, this::open);
        assertTrue(e.getMessage().contains(why), e.getMessage());
    }
}
