package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelDirectory;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Unusual files against transformers and PEFT, whose numbers {@code variants/make_variants.py} wrote down: each has those
 * numbers, or is refused by the key or the tensor that is the reason.
 */
class VariantGoldenTest {

    private static final double TOLERANCE = 1e-5;

    private static final Map<String, String> REFUSED_CONFIGS =
            Map.of("rms_norm_eps as text", "rms_norm_eps", "llama with partial_rotary_factor", "partial_rotary_factor");

    private static final Map<String, String> REFUSED_ADAPTERS = Map.ofEntries(
            Map.entry("lm_head", "lm_head"),
            Map.entry("lm_head of a tied model", "lm_head"),
            Map.entry("embed_tokens", "embed_tokens"),
            Map.entry("bias", "bias"),
            Map.entry("names of a training state", "lora_A.weight"),
            Map.entry("names without prefix", "lora_A.weight"),
            Map.entry("one layer of two", "layers.1.self_attn.q_proj"));

    private static final List<String> REFUSED_BY_THEIR_KEY = List.of(
            "lora_bias",
            "exclude_modules",
            "use_bdlora",
            "kasa_config",
            "monteclora_config",
            "alora_invocation_tokens");

    @TempDir
    private Path work;

    static Stream<Named<JsonNode>> configs() {
        return named("configs.json");
    }

    static Stream<Named<JsonNode>> adapters() {
        return named("adapters.json");
    }

    private static Stream<Named<JsonNode>> named(String file) {
        return VariantModels.variants(file)
                .map(variant -> Named.of(variant.get("name").asText(), variant));
    }

    @ParameterizedTest
    @MethodSource("configs")
    void aConfigMeansWhatItMeansToTransformers(JsonNode variant) throws IOException {
        VariantModels models = new VariantModels(VariantModels.golden("configs.json"), work);
        String key = REFUSED_CONFIGS.get(variant.get("name").asText());
        if (key == null) {
            assertSame(variant, models.logps(ModelDirectory.open(models.model(variant))));
        } else {
            assertRefused(key, () -> models.model(variant));
        }
    }

    @ParameterizedTest
    @MethodSource("adapters")
    void anAdapterMeansWhatItMeansToPeft(JsonNode variant) throws IOException {
        VariantModels models = new VariantModels(VariantModels.golden("adapters.json"), work);
        Path base = models.model(variant);
        Path adapter = models.adapter(variant);
        String name = variant.get("name").asText();
        String key = REFUSED_BY_THEIR_KEY.contains(name) ? name : REFUSED_ADAPTERS.get(name);
        if (key == null) {
            assertSame(variant, models.logps(ModelDirectory.open(adapter, base)));
        } else {
            assertRefused(key, () -> ModelDirectory.open(adapter, base));
        }
    }

    private static void assertSame(JsonNode variant, double[] logps) {
        double[] expected = StreamSupport.stream(variant.get("logps").spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
        assertArrayEquals(expected, logps, TOLERANCE);
    }

    private static void assertRefused(String key, org.junit.jupiter.api.function.Executable open) {
        RpoException refused = assertThrows(RpoException.class, open);
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        assertTrue(refused.getMessage().contains(key), refused.getMessage());
    }
}
