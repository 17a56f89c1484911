package ai.rpo.core.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
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

/** Real data sets, whose formats are recognised. */
@Tag("shared")
class RealRowsTest {

    private final Path data = Path.of(System.getProperty("rpo.shared"), "data");

    @Test
    void textPairs() throws IOException, UnfitRowException {
        assertEquals(896, read("tinystories_pairs_train.jsonl", TextPair.class).size());
        assertEquals(128, read("tinystories_pairs_test.jsonl", TextPair.class).size());
    }

    @Test
    void transcriptsAreCutAfterTheLastTurnOfTheAssistant() throws IOException, UnfitRowException {
        List<TextPair> pairs = read("hh_rlhf_sample.jsonl", TextPair.class);
        assertEquals(300, pairs.size());
        for (TextPair pair : pairs) {
            assertTrue(pair.prompt().startsWith("\n\nHuman:"));
            assertTrue(pair.prompt().endsWith("\n\nAssistant:"));
        }
    }

    @Test
    void conversations() throws IOException, UnfitRowException {
        assertEquals(
                212, read("oasst_conversational.jsonl", ConversationPair.class).size());
    }

    @Test
    void rankedShareGptConversations() throws IOException, UnfitRowException {
        RowReader reader = new RowReader(Optional.empty());
        int rows = 0;
        for (JsonNode row :
                new ObjectMapper().readTree(data.resolve("sharegpt_dpo_en.json").toFile())) {
            ConversationPair pair =
                    (ConversationPair) reader.read(row.toString().getBytes(StandardCharsets.UTF_8));
            assertEquals("assistant", pair.chosen().get(0).fields().get("role"));
            rows++;
        }
        assertEquals(300, rows);
    }

    private <T extends PreferenceRecord> List<T> read(String file, Class<T> type)
            throws IOException, UnfitRowException {
        RowReader reader = new RowReader(Optional.empty());
        List<T> rows = new ArrayList<>();
        for (String line : Files.readAllLines(data.resolve(file))) {
            rows.add(type.cast(reader.read(line.getBytes(StandardCharsets.UTF_8))));
        }
        return rows;
    }
}
