package ai.rpo.core.generate;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import ai.rpo.core.tensor.cpu.CpuBackend;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Greedy continuations, far beyond the lengths that a family's windows reach, against transformers. */
@Tag("shared")
class GreedyGoldenTest {

    private static final Path SHARED = Path.of(System.getProperty("rpo.shared", ""));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama",
                "llama3",
                "llama_linear",
                "llama_yarn",
                "mistral",
                "qwen2",
                "qwen3",
                "gemma",
                "gemma2",
                "phi3",
                "phi3_longrope",
                "gpt2",
                "stories260k"
            })
    void continuesAsTransformersDoes(String name) throws IOException {
        JsonNode cases = new ObjectMapper()
                .readTree(SHARED.resolve("golden/generate.json").toFile())
                .get(name);
        assertFalse(cases.isEmpty());
        Path golden = SHARED.resolve("golden").resolve(name);
        ModelDirectory model =
                ModelDirectory.open(Files.isDirectory(golden) ? golden : SHARED.resolve("models/" + name));
        Backend backend = CpuBackend.create(false, 2);
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        weights.load(model.weights());
        Decoder decoder = new Decoder(model.config(), backend);
        for (JsonNode given : cases) {
            int[] prompt = ids(given.get("prompt"));
            int[] expected = ids(given.get("greedy"));
            int[] actual = new Generator(decoder, weights, 1)
                    .generate(
                            List.of(new Generator.Request(prompt, 0)).iterator(),
                            SamplingSettings.greedy(expected.length),
                            List.of(),
                            StopRule.NONE)
                    .next()
                    .ids();
            int same = Arrays.mismatch(expected, actual);
            if (same >= 0) {
                int[] before = Arrays.copyOf(prompt, prompt.length + same);
                System.arraycopy(expected, 0, before, prompt.length, same);
                double gap = gapOfBestTwo(decoder, weights, before);
                assertTrue(gap < 1e-3, "token " + same + " differs where the best two logits are " + gap + " apart");
            }
        }
    }

    private static double gapOfBestTwo(Decoder decoder, Parameters weights, int[] ids) {
        Backend backend = decoder.backend();
        int vocabulary = decoder.config().vocabularySize();
        Tensor logits = backend.allocate(vocabulary).tensor(0, 1, vocabulary);
        Decoder.Prefix prefix = new Decoder.Prefix(ids, ids.length, decoder.cache(ids.length));
        decoder.nextLogits(weights, List.of(prefix), logits, new Workspace(backend));
        double[] sorted = Arrays.stream(logits.toArray()).sorted().toArray();
        return sorted[vocabulary - 1] - sorted[vocabulary - 2];
    }

    private static int[] ids(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
