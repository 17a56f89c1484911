package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Published checkpoints by the facts of their {@code config.json}, which {@code model/make_published.py} wrote down with the
 * number of parameters that transformers makes of them. Each is taken through what {@code validate} works out, as far
 * as that needs no weights; a test's name says what the model needs.
 */
class PublishedShapesTest {

    private static final Weights NONE_PACKED = (entry, offset, target) -> {
        throw new AssertionError("only shapes are looked at");
    };

    private static final int LENGTH = 2048;
    private static final int ROWS = 8192;

    @TestFactory
    List<DynamicTest> needsOfPublishedCheckpoints() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (InputStream file = getClass().getResourceAsStream("/model/published.json")) {
            for (JsonNode model : new ObjectMapper().readTree(file)) {
                ModelConfig config = ModelConfigParser.parse(
                        model.get("config").toString(), model.get("name").asText());
                Need need = Need.of(config);
                tests.add(DynamicTest.dynamicTest(
                        model.get("name").asText() + ": " + need.describe(), () -> check(model, config, need)));
            }
        }
        return tests;
    }

    /**
     * @param scoring bytes to score pairs of 2048 tokens in float32
     * @param adapter bytes to train an adapter of rank 16 on all projections with AdamW, recomputing
     * @param all bytes to train all weights so
     */
    private record Need(long parameters, long scoring, long adapter, long all) {

        static Need of(ModelConfig config) {
            Optional<Lora> lora = Optional.of(new Lora(16, 16, 0, false, projections(config)));
            long parameters = ParameterLayout.of(config).size();
            long trained = ParameterLayout.of(config, lora.get()).size();
            int length = Math.min(LENGTH, config.contextLength());
            long scratch = ScratchMemory.ofTraining(config, lora, NONE_PACKED, length, ROWS, true);
            return new Need(
                    parameters,
                    Float.BYTES * (parameters + ScratchMemory.ofScoring(config, NONE_PACKED, length, ROWS)),
                    Float.BYTES * (parameters + 4 * trained + scratch),
                    Float.BYTES
                            * (4 * parameters
                                    + ScratchMemory.ofTraining(
                                            config, Optional.empty(), NONE_PACKED, length, ROWS, true)));
        }

        private static TreeSet<String> projections(ModelConfig config) {
            return IntStream.range(0, config.layers())
                    .boxed()
                    .flatMap(layer -> config.architecture().projections(layer).stream())
                    .flatMap(List::stream)
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        String describe() {
            return String.format(
                    Locale.ROOT,
                    "%,d parameters, %,d MB to score, %,d MB to train an adapter, %,d MB all weights",
                    parameters,
                    scoring >> 20,
                    adapter >> 20,
                    all >> 20);
        }
    }

    /** Weights alone are known from outside; what comes on top lies within what such a decoder can need. */
    private static void check(JsonNode model, ModelConfig config, Need need) {
        assertEquals(model.get("parameters").longValue(), need.parameters);
        long weights = Float.BYTES * need.parameters;
        long inner = config.architecture()
                .mixture()
                .map(mixture -> mixture.chosen() * (mixture.columns() + config.hiddenSize()))
                .orElse(config.intermediateSize());
        long row = Float.BYTES * (2L * config.hiddenSize() + 8L * config.headDim() + 4 * inner);
        assertTrue(need.scoring > weights, need.describe());
        assertTrue(need.scoring < weights + 2 * ROWS * row + (1L << 30), need.describe());
        assertTrue(need.adapter > need.scoring, need.describe());
        assertTrue(need.all > 4 * weights, need.describe());
        assertEquals(config.layers(), config.rotary().size());
        assertTrue(config.architecture().attention().windows().stream().allMatch(w -> w < config.contextLength()));
    }
}
