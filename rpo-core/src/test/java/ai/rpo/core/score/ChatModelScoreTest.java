package ai.rpo.core.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.SharedModels;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Real conversations under a real chat model of 135 M parameters, against PyTorch in double precision. */
@Tag("shared")
class ChatModelScoreTest {

    /** PyTorch itself is within 5e-6 in float32. */
    private static final double RELATIVE = 2e-5;

    @Test
    void logpsOfConversations() throws IOException, InterruptedException {
        Backend backend =
                Backends.create(Precision.FLOAT32, Runtime.getRuntime().availableProcessors());
        ModelDirectory model = ModelDirectory.open(SharedModels.smollm2());
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        weights.load(model.weights());
        ReferenceScorer scorer = new ReferenceScorer(new Decoder(model.config(), backend), weights);
        JsonNode golden = new ObjectMapper()
                .readTree(
                        SharedModels.SHARED.resolve("golden/smollm2_score.json").toFile());
        for (JsonNode row : golden.get("rows")) {
            double[] logps = scorer.completionLogps(List.of(
                    new Example(ids(row, "prompt_ids"), List.of(ids(row, "chosen_ids"), ids(row, "rejected_ids")))));
            assertClose(row, "ref_chosen_logps", logps[0]);
            assertClose(row, "ref_rejected_logps", logps[1]);
        }
    }

    private static void assertClose(JsonNode row, String name, double actual) {
        double expected = row.get(name).asDouble();
        assertEquals(expected, actual, RELATIVE * Math.abs(expected), name + " of row " + row.get("row"));
    }

    private static int[] ids(JsonNode row, String name) {
        return StreamSupport.stream(row.get(name).spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
