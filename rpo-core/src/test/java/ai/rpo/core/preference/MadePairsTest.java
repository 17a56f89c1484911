package ai.rpo.core.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.preference.PreferenceRecord.ConversationExample;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.RatedCompletions;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PreferenceRecord.UnpairedCompletion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows from which pairs have to be made: implicit prompts, rated completions, fields of other names. */
class MadePairsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "Q: sky? A: blue|Q: sky? A: green|Q: sky? A:",
                "Say blue now|Say blurry now|Say",
                "a (b|a (c|a (",
                "one two|one two three|one",
                "I don't|I don't know|I",
                "1 + 1 = 23|1 + 1 = 24|1 + 1 =",
                "x 😀|x 😁|x",
                "naïve é|naïve e|naïve",
            })
    void anImplicitPromptNeverEndsInsideAWord(String chosen, String rejected, String prompt) throws UnfitRowException {
        TextPair pair = (TextPair) read("{\"chosen\": \"%s\", \"rejected\": \"%s\"}".formatted(chosen, rejected));
        assertEquals(prompt, pair.prompt());
        assertEquals(chosen, pair.prompt() + pair.chosen());
        assertEquals(rejected, pair.prompt() + pair.rejected());
    }

    @Test
    void anImplicitPromptMayEndAfterALine() throws UnfitRowException {
        TextPair pair =
                (TextPair) read("{\"chosen\": \"User\\nhi\\nBot\\nyes\", \"rejected\": \"User\\nhi\\nBot\\nno\"}");
        assertEquals(new TextPair("User\nhi\nBot\n", "yes", "no"), pair);
    }

    @Test
    void textsWithoutACommonBeginningHaveNoPrompt() {
        assertEquals(Reason.NO_COMMON_PROMPT, reasonOf("{\"chosen\": \"abc\", \"rejected\": \"abd\"}"));
        assertEquals(Reason.NO_COMMON_PROMPT, reasonOf("{\"chosen\": \"\", \"rejected\": \"abd\"}"));
        assertEquals(Reason.CHOSEN_EQUALS_REJECTED, reasonOf("{\"chosen\": \"a b\", \"rejected\": \"a b\"}"));
    }

    @Test
    void ratedCompletionsBecomePairs() throws UnfitRowException {
        String scores =
                "{\"prompt\": \"p\", \"completions\": [\"a\", \"b\", \"c\", \"d\"], \"scores\": [1, 3, 1, 2.5]}";
        String objects = "{\"instruction\": \"p\", \"completions\": [{\"response\": \"a\", \"overall_score\": 1},"
                + " {\"response\": \"b\", \"overall_score\": 3}, {\"response\": \"c\", \"overall_score\": 1},"
                + " {\"response\": \"d\", \"overall_score\": 2.5}]}";
        for (String row : List.of(scores, objects)) {
            RatedCompletions rated = (RatedCompletions) read(row);
            assertEquals(List.of(new TextPair("p", "b", "c")), rated.pairs(RatedPairs.BEST_WORST));
            assertEquals(
                    List.of(
                            new TextPair("p", "b", "d"),
                            new TextPair("p", "b", "a"),
                            new TextPair("p", "b", "c"),
                            new TextPair("p", "d", "a"),
                            new TextPair("p", "d", "c")),
                    rated.pairs(RatedPairs.ALL));
        }
    }

    @Test
    void ratedConversationsBecomePairs() throws UnfitRowException {
        RatedCompletions rated = (RatedCompletions) read("""
                {"prompt": [{"role": "user", "content": "q"}], "scores": [1, 2],
                 "completions": [[{"role": "assistant", "content": "a"}], [{"role": "assistant", "content": "b"}]]}
                """);
        assertEquals(
                List.of(new ConversationPair(
                        List.of(Message.of("user", "q")),
                        List.of(Message.of("assistant", "b")),
                        List.of(Message.of("assistant", "a")))),
                rated.pairs(RatedPairs.ALL));
    }

    /** As NeMo RL has them, where a lower rank is a better one. */
    @Test
    void completionsMayHaveRewards() throws UnfitRowException {
        RatedCompletions rated = (RatedCompletions) read("""
                {"prompt": [{"role": "user", "content": "q"}], "completions": [
                 {"rank": 1, "reward": 0.5, "completion": [{"role": "assistant", "content": "a"}]},
                 {"rank": 0, "reward": 2.0, "completion": [{"role": "assistant", "content": "b"}]}]}
                """);
        assertEquals(
                List.of(new ConversationPair(
                        List.of(Message.of("user", "q")),
                        List.of(Message.of("assistant", "b")),
                        List.of(Message.of("assistant", "a")))),
                rated.pairs(RatedPairs.BEST_WORST));
    }

    @Test
    void saysWhatIsWrongWithRatings() throws UnfitRowException {
        RatedCompletions tied =
                (RatedCompletions) read("{\"prompt\": \"p\", \"completions\": [\"a\", \"b\"], \"scores\": [1, 1]}");
        for (RatedPairs which : RatedPairs.values()) {
            assertEquals(
                    Reason.TIED,
                    assertThrows(UnfitRowException.class, () -> tied.pairs(which))
                            .reason());
        }
        String row = "{\"prompt\": \"p\", \"completions\": [\"a\", %s], \"scores\": [1, %s]}";
        assertEquals(Reason.WRONG_TYPE, reasonOf(row.formatted("\"b\"", "\"2\"")));
        assertEquals(Reason.WRONG_TYPE, reasonOf(row.formatted("\"b\"", "NaN")));
        assertEquals(Reason.WRONG_TYPE, reasonOf(row.formatted("[\"b\"]", "2")));
        assertEquals(Reason.MISSING_FIELD, reasonOf(row.formatted("null", "2")));
        assertEquals(Reason.MISSING_FIELD, reasonOf(row.formatted("\"b\"", "2, 3")));
        assertEquals(
                Reason.MISSING_FIELD,
                reasonOf("{\"prompt\": \"p\", \"completions\": [{\"response\": \"a\"}, {\"response\": \"b\"}]}"));
    }

    @Test
    void labelledCompletionsStandAlone() throws UnfitRowException {
        assertEquals(
                new UnpairedCompletion(new TextExample("p", "c"), true),
                read("{\"prompt\": \"p\", \"completion\": \"c\", \"label\": true}"));
        assertEquals(
                new UnpairedCompletion(
                        new ConversationExample(
                                List.of(Message.of("user", "q")), List.of(Message.of("assistant", "a"))),
                        false),
                read("""
                        {"prompt": [{"role": "user", "content": "q"}], "label": false,
                         "completion": [{"role": "assistant", "content": "a"}]}
                        """));
        // Only true and false say what a label means.
        assertEquals(
                new TextExample("p", "c"), read("{\"prompt\": \"p\", \"completion\": \"c\", \"label\": \"sports\"}"));
        RowReader forced = new RowReader(RowFormats.named("unpaired"));
        for (String label : List.of("1", "null")) {
            assertEquals(
                    label.equals("null") ? Reason.MISSING_FIELD : Reason.WRONG_TYPE,
                    assertThrows(
                                    UnfitRowException.class,
                                    () -> forced.read(bytes("{\"prompt\": \"p\", \"completion\": \"c\", \"label\": %s}"
                                            .formatted(label))))
                            .reason());
        }
    }

    @Test
    void fieldsOfOtherNamesAreFound() throws UnfitRowException {
        FieldNames names =
                new FieldNames(Map.of("prompt", "question", "chosen", "prompt", "rejected", "bad"), List.of("chosen"));
        RowReader renaming = new RowReader(Optional.empty(), names);
        assertEquals(
                new TextPair("q", "c", "r"),
                renaming.read(bytes("{\"question\": \"q\", \"prompt\": \"c\", \"chosen\": 1, \"bad\": \"r\"}")));
        assertEquals(
                Reason.MISSING_FIELD,
                assertThrows(
                                UnfitRowException.class,
                                () -> renaming.read(
                                        bytes("{\"prompt\": \"q\", \"chosen\": \"c\", \"rejected\": \"r\"}")))
                        .reason());
    }

    private static PreferenceRecord read(String row) throws UnfitRowException {
        return new RowReader(Optional.empty()).read(bytes(row));
    }

    private static Reason reasonOf(String row) {
        return assertThrows(UnfitRowException.class, () -> read(row)).reason();
    }

    private static byte[] bytes(String row) {
        return row.getBytes(StandardCharsets.UTF_8);
    }
}
