package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The ids of real text pairs under a real tokenizer, against transformers. */
@Tag("shared")
class StoriesTokensTest {

    /** The golden run cuts completions here, then appends EOS. */
    private static final int GOLDEN_COMPLETION = 160;

    @Test
    void idsAreThoseOfTheGoldenRun() throws IOException, UnfitRowException {
        Path shared = Path.of(System.getProperty("rpo.shared"));
        JsonNode golden = new ObjectMapper()
                .readTree(shared.resolve("golden/stories260k_run.json").toFile())
                .get("pairs");
        Iterator<JsonNode> expected = golden.elements();
        RowReader reader = new RowReader(Optional.empty());
        int compared = 0;
        try (Tokenizer tokenizer = Tokenizer.open(shared.resolve("models/stories260k"))) {
            PairTokenizer pairs = new PairTokenizer(
                    tokenizer, StraddlePolicy.SEPARATE, new LengthLimit(Integer.MAX_VALUE, Truncation.DROP));
            for (String line : Files.readAllLines(shared.resolve("data/tinystories_pairs_train.jsonl"))) {
                TextPair text = (TextPair) reader.read(line.getBytes(StandardCharsets.UTF_8));
                PairTokenizer.Pair pair = pairs.tokenize(text);
                if (pair.notes().straddles() > 0) {
                    continue; // the golden run left these out
                }
                if (!expected.hasNext()) {
                    break;
                }
                JsonNode row = expected.next();
                assertArrayEquals(TokenizerTest.ints(row.get("prompt")), pair.prompt());
                assertArrayEquals(TokenizerTest.ints(row.get("chosen")), cutAsGolden(pair.chosen()));
                assertArrayEquals(TokenizerTest.ints(row.get("rejected")), cutAsGolden(pair.rejected()));
                compared++;
            }
        }
        assertEquals(golden.size(), compared);
    }

    private static int[] cutAsGolden(int[] completion) {
        if (completion.length <= GOLDEN_COMPLETION + 1) {
            return completion;
        }
        int[] cut = Arrays.copyOf(completion, GOLDEN_COMPLETION + 1);
        cut[GOLDEN_COMPLETION] = completion[completion.length - 1];
        return cut;
    }
}
