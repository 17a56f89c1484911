package ai.rpo.core.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.cpu.CpuBackend;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        Sampler sampler = new Sampler(new Decoder(model.config(), backend), weights);
        for (JsonNode given : cases) {
            int[] greedy = ids(given.get("greedy"));
            Sampler.Settings settings = new Sampler.Settings(0, greedy.length, List.of());
            Sampler.Request request = new Sampler.Request(ids(given.get("prompt")), 0);
            assertArrayEquals(greedy, sampler.sample(List.of(request), settings).get(0));
        }
    }

    private static int[] ids(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
