package ai.rpo.core.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Game.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class AnnotationsTest {

    private static final String PAIR = """
            {"question_id": 81, "model_1": "sft", "model_2": "rpo", "g1_winner": "model_1", "g2_winner": "model_2",
             "judge": ["gpt-4", "pair-v2"], "g1_user_prompt": "[User Question]\\nq\\n\\n[The Start of Assistant A's Answer]\\none\\n[The End of Assistant A's Answer]\\n\\n[The Start of Assistant B's Answer]\\ntwo\\n[The End of Assistant B's Answer]",
             "g1_judgment": "so [[B]]", "g2_judgment": "so [[A]]", "turn": 1, "tstamp": 1.5}
            """;

    /** The words say that rpo wins both games, whatever the fields beside them say. */
    @Test
    void readsFastChatsWordsAndAnswers() {
        Judgment judgment = read(PAIR).judgments().get(0);

        assertEquals(OptionalDouble.of(1), judgment.preference());
        assertEquals("rpo", judgment.subject().model());
        assertEquals("two", judgment.subject().modelAnswer());
        assertEquals("one", judgment.subject().baselineAnswer());
        assertEquals(List.of("q"), judgment.subject().prompt());
        assertEquals(
                List.of("sft", "rpo"),
                judgment.games().stream().map(Game::firstShown).toList());
    }

    @Test
    void readsConversations() {
        FastChatPrompt prompt = FastChatPrompt.parse(
                "<|The Start of Assistant A's Conversation with User|>\n\n### User:\nq1\n\n### Assistant A:\na1\n\n### User:\nq2\n\n### Assistant A:\na2\n\n<|The End of Assistant A's Conversation with User|>\n\n\n<|The Start of Assistant B's Conversation with User|>\n\n### User:\nq1\n\n### Assistant B:\nb1\n\n### User:\nq2\n\n### Assistant B:\nb2\n\n<|The End of Assistant B's Conversation with User|>");

        assertEquals(new FastChatPrompt(List.of("q1", "q2"), "a2", "b2"), prompt);
        assertEquals(new FastChatPrompt(List.of(), null, null), FastChatPrompt.parse("anything else"));
    }

    @Test
    void readsFastChatsGrades() {
        Annotations read = read(
                "{\"question_id\": 81, \"model\": \"rpo\", \"judge\": [\"gpt-4\", \"single-v1\"], \"user_prompt\": \"\", \"judgment\": \"Rating: [[8.5]]\", \"score\": 8.5, \"turn\": 2}{\"question_id\": 82, \"model\": \"rpo\", \"judge\": [\"gpt-4\", \"single-v1\"], \"user_prompt\": \"\", \"judgment\": \"$ERROR$\", \"score\": -1, \"turn\": 2}");

        assertEquals("mt-bench-single", read.protocol());
        assertEquals("gpt-4", read.judge());
        assertEquals(OptionalDouble.of(8.5), read.judgments().get(0).score());
        assertTrue(read.judgments().get(1).score().isEmpty());
    }

    @Test
    void readsAlpacaEvalsPreferences() {
        Annotations read = read("""
                [{"instruction": "x", "output_1": "a", "output_2": "b", "generator_1": "base", "generator_2": "rpo", "annotator": "gpt", "preference": 1.25,
                  "raw_completion": {"text": "M", "logprobs": {"content": [{"top_logprobs": [{"token": "M", "logprob": -0.1}]}]}}},
                 {"instruction": "y", "output_1": "a", "output_2": "b", "preference": 0, "generator_1": "base", "generator_2": "rpo", "annotator": "gpt"},
                 {"instruction": "z", "output_1": "a", "output_2": "b", "preference": NaN, "generator_1": "base", "generator_2": "rpo", "annotator": "gpt"}]
                """);

        assertEquals(
                List.of(OptionalDouble.of(0.25), OptionalDouble.of(0.5), OptionalDouble.empty()),
                read.judgments().stream().map(Judgment::preference).toList());
        assertEquals("rpo", read.judgments().get(0).games().get(0).firstShown(), "the coin of x swaps");
        assertEquals(Verdict.BASELINE, read.judgments().get(0).games().get(0).verdict());
    }

    @Test
    void aPairCanBeTurnedRound() {
        Judgment turned = read(PAIR).against("rpo").judgments().get(0);

        assertEquals(OptionalDouble.of(0), turned.preference());
        assertEquals("sft", turned.subject().model());
        assertEquals("one", turned.subject().modelAnswer());
        assertEquals(Verdict.BASELINE, turned.games().get(0).verdict());
        assertRefused("none of 1 judgments is about it", () -> read(PAIR).against("dpo"));
    }

    @Test
    void refusesWhatItCannotCount() throws IOException {
        byte[] whole = (PAIR + PAIR.replace("81", "82")).getBytes(StandardCharsets.UTF_8);
        assertRefused(
                "ends in the middle of row 2, so the rest of it is missing",
                () -> JsonRows.read("a.jsonl", Arrays.copyOf(whole, whole.length - 40)));
        assertRefused(
                "ends in the middle of row 2",
                () -> JsonRows.read("a.json", ("[" + PAIR).getBytes(StandardCharsets.UTF_8)));
        byte[] zipped = zipped(whole);
        assertRefused("is missing", () -> JsonRows.read("a.jsonl.gz", Arrays.copyOf(zipped, zipped.length / 2)));
        assertRefused("it has no rows", () -> JsonRows.read("a.jsonl", new byte[0]));
        assertRefused("row 1 is no JSON object", () -> JsonRows.read("a.jsonl", new byte[] {'1'}));
        assertRefused("row 1 is no JSON", () -> JsonRows.read("a.jsonl", "<html>".getBytes(StandardCharsets.UTF_8)));
        assertRefused("rows 1 and 2 judge the same answers (prompt \"81\")", () -> read(PAIR + PAIR));
        assertRefused("row 1 is no judgment; its fields are prompt", () -> read("{\"prompt\": 1}"));
        assertRefused("row 2 has the judge \"gpt-5\"", () -> read(PAIR + PAIR.replace("gpt-4", "gpt-5")));
        assertRefused("row 1 has no turn", () -> read(PAIR.replace("\"turn\": 1", "\"turn\": 0")));
        assertRefused(
                "row 1 has the preference 7, which is not from 1 to 2",
                () -> read("{\"instruction\": \"x\", \"output_1\": \"a\", \"output_2\": \"b\", \"preference\": 7}"));
    }

    private static byte[] zipped(byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    private static void assertRefused(String part, Runnable work) {
        RpoException refused = assertThrows(RpoException.class, work::run);
        assertTrue(refused.getMessage().contains(part), refused.getMessage());
    }

    private static Annotations read(String rows) {
        return Annotations.read("a.jsonl", JsonRows.read("a.jsonl", rows.getBytes(StandardCharsets.UTF_8)));
    }
}
