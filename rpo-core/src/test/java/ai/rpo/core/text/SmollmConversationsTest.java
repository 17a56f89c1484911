package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The ids of real conversations under a real chat model's tokenizer and template, against transformers. */
@Tag("shared")
class SmollmConversationsTest {

    @Test
    void idsAreThoseOfTheGoldenScores() throws IOException {
        Path shared = Path.of(System.getProperty("rpo.shared"));
        JsonNode golden = new ObjectMapper()
                .readTree(shared.resolve("golden/smollm2_score.json").toFile());
        List<String> lines = Files.readAllLines(shared.resolve("data/oasst_conversational.jsonl"));
        RowReader reader = new RowReader(Optional.empty());
        try (Tokenizer tokenizer = Tokenizer.open(shared.resolve("models/smollm2-135m-instruct"))) {
            PairTokenizer pairs = new PairTokenizer(
                    tokenizer,
                    StraddlePolicy.FAIL,
                    new LengthLimit(golden.get("max_tokens").asInt(), Truncation.DROP));
            List<Integer> kept = new ArrayList<>();
            for (int row = 0; kept.size() < golden.get("rows").size(); row++) {
                PairTokenizer.Pair pair;
                try {
                    pair = pairs.tokenize(
                            (ConversationPair) reader.read(lines.get(row).getBytes(StandardCharsets.UTF_8)));
                } catch (UnfitRowException e) {
                    continue; // longer than the golden's limit
                }
                JsonNode expected = golden.get("rows").get(kept.size());
                assertEquals(expected.get("row").asInt(), row);
                assertArrayEquals(TokenizerTest.ints(expected.get("prompt_ids")), pair.prompt());
                assertArrayEquals(TokenizerTest.ints(expected.get("chosen_ids")), pair.chosen());
                assertArrayEquals(TokenizerTest.ints(expected.get("rejected_ids")), pair.rejected());
                kept.add(row);
            }
            assertEquals(24, kept.size());
        }
    }
}
