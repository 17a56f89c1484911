package ai.rpo.core.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Golden;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.cpu.CpuBackend;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Greedy continuations by every family, through the cache and beside each other, against transformers without one. */
class GreedyFamilyTest {

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.Golden#families")
    void continuesAsTransformersDoes(String family) throws IOException, URISyntaxException {
        ModelDirectory model = ModelDirectory.open(Golden.family(family));
        Backend backend = CpuBackend.create(false, 2);
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        weights.load(model.weights());
        Generator generator = new Generator(new Decoder(model.config(), backend), weights, 3);
        JsonNode cases = new ObjectMapper()
                .readTree(getClass().getResource("greedy.json"))
                .get(family);
        for (double penalty : new double[] {1, 1.3}) {
            List<JsonNode> same = StreamSupport.stream(cases.spliterator(), false)
                    .filter(c -> c.get("repetition_penalty").doubleValue() == penalty)
                    .toList();
            List<Generator.Request> requests = same.stream()
                    .map(c -> new Generator.Request(ids(c.get("prompt")), 0))
                    .toList();
            List<Completion> completions = new ArrayList<>();
            generator
                    .generate(requests.iterator(), new SamplingSettings(40, 0, 0, 1, penalty), List.of(), StopRule.NONE)
                    .forEachRemaining(completions::add);
            assertEquals(same.size(), completions.size());
            for (int i = 0; i < same.size(); i++) {
                assertArrayEquals(
                        ids(same.get(i).get("ids")), completions.get(i).ids());
            }
        }
    }

    private static int[] ids(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }
}
