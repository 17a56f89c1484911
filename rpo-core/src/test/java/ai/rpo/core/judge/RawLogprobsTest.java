package ai.rpo.core.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.SharedModels;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What GPT-4 Turbo's log-probabilities come to, beside AlpacaEval's preferences; the third file has none. */
@Tag("shared")
class RawLogprobsTest {

    @ParameterizedTest
    @ValueSource(strings = {"gpt-3.5-turbo-1106", "gpt4_gamed"})
    void logprobsComeToThePublishedPreferences(String model) throws IOException {
        Path file = SharedModels.SHARED.resolve("eval/alpaca_eval/" + model + ".annotations.json.gz");
        int compared = 0;
        for (ObjectNode row : JsonRows.read(model, Files.readAllBytes(file))) {
            var top = AlpacaEvalRows.topLogprobs(row.path("raw_completion"));
            if (!top.isEmpty()) {
                String instruction = row.get("instruction").textValue();
                double preference = AlpacaEval2.preference(top, AlpacaEval2.isModelFirst(instruction))
                        .orElseThrow();
                assertEquals(row.get("preference").doubleValue(), 1 + preference, 1e-6, instruction);
                compared++;
            }
        }
        assertTrue(compared >= 800, compared + " rows");
    }
}
