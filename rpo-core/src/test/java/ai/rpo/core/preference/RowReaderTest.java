package ai.rpo.core.preference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.preference.PreferenceRecord.ConversationExample;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.ReferenceLogps;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PreferenceRecord.TokenExample;
import ai.rpo.core.preference.PreferenceRecord.TokenPair;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowReaderTest {

    private final RowReader reader = new RowReader(Optional.empty());

    @Test
    void recognisesEachFormatByItsFields() throws UnfitRowException {
        assertEquals(
                new TextPair("p", "c😀", "r"),
                read("{\"prompt\": \"p\", \"chosen\": \"c\\ud83d\\ude00\", \"rejected\": \"r\", \"id\": 7}"));
        assertEquals(new TextExample("p", "c"), read("{\"prompt\": \"p\", \"completion\": \"c\"}"));

        TokenPair pair = (TokenPair) read("{\"prompt_ids\": [1], \"chosen_ids\": [2, 3], \"rejected_ids\": [],"
                + " \"ref_chosen_logps\": -1.5, \"ref_rejected_logps\": -2}");
        assertArrayEquals(new int[] {2, 3}, pair.chosen());
        assertEquals(0, pair.rejected().length, "emptiness is judged with the tokens of all formats");
        assertEquals(Optional.of(new ReferenceLogps(-1.5, -2)), pair.reference());

        TokenExample example = (TokenExample) read("{\"prompt_ids\": [1], \"completion_ids\": [2]}");
        assertArrayEquals(new int[] {2}, example.completion());
    }

    /** As a table writes a column that only some messages fill. */
    @Test
    void noContentNeedsToolCalls() throws Exception {
        String row = "{\"prompt\": [{\"role\": \"user\", \"content\": \"q\"}], \"completion\": "
                + "[{\"role\": \"assistant\", \"content\": %s, \"tool_calls\": %s}]}";
        assertEquals(Reason.MISSING_FIELD, reasonOf(row.formatted("null", "null")));
        assertEquals(Reason.MISSING_FIELD, reasonOf(row.formatted("null", "[]")));
        read(row.formatted("null", "[{\"function\": {\"name\": \"f\"}}]"));
        assertTrue(new Message(Map.of("role", "assistant", "content", "", "tool_calls", List.of())).isEmpty());
    }

    @Test
    void recognisesConversations() throws UnfitRowException {
        String user = "{\"role\": \"user\", \"content\": \"q\"}";
        String good = "{\"role\": \"assistant\", \"content\": \"a\"}";
        String bad = "{\"content\": \"b\", \"role\": \"assistant\"}";
        ConversationPair expected = new ConversationPair(
                List.of(Message.of("user", "q")),
                List.of(Message.of("assistant", "a")),
                List.of(Message.of("assistant", "b")));
        assertEquals(
                expected, read("{\"prompt\": [%s], \"chosen\": [%s], \"rejected\": [%s]}".formatted(user, good, bad)));
        assertEquals(
                expected,
                read("{\"prompt\": \"q\", \"chosen\": [%1$s, %2$s], \"rejected\": [%1$s, %3$s]}"
                        .formatted(user, good, bad)));
        assertEquals(
                expected,
                read("{\"conversations\": [{\"from\": \"human\", \"value\": \"q\"}],"
                        + " \"chosen\": {\"from\": \"gpt\", \"value\": \"a\"},"
                        + " \"rejected\": {\"from\": \"gpt\", \"value\": \"b\"}}"));
        assertEquals(
                new TextPair("\n\nHuman: q\n\nAssistant:", " a", " b"),
                read("{\"chosen\": \"\\n\\nHuman: q\\n\\nAssistant: a\","
                        + " \"rejected\": \"\\n\\nHuman: q\\n\\nAssistant: b\"}"));
        assertEquals(
                new ConversationExample(List.of(Message.of("user", "q")), List.of(Message.of("assistant", "a"))),
                read("{\"prompt\": [%s], \"completion\": [%s]}".formatted(user, good)));
    }

    @Test
    void saysWhatIsWrongWithConversations() {
        String user = "{\"role\": \"user\", \"content\": \"q\"}";
        assertEquals(Reason.NO_COMMON_PROMPT, reasonOf("{\"chosen\": [%s], \"rejected\": [%s]}".formatted(user, user)));
        assertEquals(
                Reason.NO_COMMON_PROMPT,
                reasonOf("{\"chosen\": \"\\n\\nHuman: q\\n\\nAssistant: a\","
                        + " \"rejected\": \"\\n\\nHuman: p\\n\\nAssistant: b\"}"));
        assertEquals(
                Reason.WRONG_TYPE,
                reasonOf("{\"prompt\": [%s], \"completion\": [{\"role\": \"assistant\", \"content\": 3}]}"
                        .formatted(user)));
        assertEquals(
                Reason.BROKEN_TEXT,
                reasonOf("{\"prompt\": [%s], \"completion\": [{\"role\": \"assistant\", \"content\": \"\\ud83d\"}]}"
                        .formatted(user)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"content\": \"a\"}                                  | prompt[1].role is missing",
                "{\"role\": 3, \"content\": \"a\"}                     | prompt[1].role must be text, but is a number",
                "{\"role\": \"user\"}                                  | prompt[1].content is missing",
                "{\"role\": \"user\", \"content\": [[\"a\"]]}          | prompt[1].content[0] must be text or an object, but is a list",
                "{\"role\": \"user\", \"content\": \"a\\udc00\"}        | prompt[1].content, character 1",
                "{\"role\": \"user\", \"content\": [{\"text\": \"\\ud800\"}]} | prompt[1].content[0].text, character 0",
            })
    void saysWhereAMessageIsWrong(String message, String where) {
        UnfitRowException e = assertThrows(
                UnfitRowException.class,
                () -> read("{\"prompt\": [{\"role\": \"user\", \"content\": \"q\"}, %s], \"completion\": []}"
                        .formatted(message)));
        assertEquals(where, e.getMessage());
    }

    @Test
    void aRowThatBreaksOffIsDescribedWithoutItsText() {
        UnfitRowException e =
                assertThrows(UnfitRowException.class, () -> read("{\"prompt\": \"p\", \"chosen\": \"c\""));
        assertEquals("Unexpected end-of-input: expected close marker for Object, column 30", e.getMessage());
    }

    @Test
    void tokensWinOverTextInARowThatHasBoth() throws UnfitRowException {
        PreferenceRecord row = read("{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\","
                + " \"prompt_ids\": [1], \"chosen_ids\": [2], \"rejected_ids\": [3]}");
        assertTrue(row instanceof TokenPair);
        RowReader text = new RowReader(RowFormats.named("text"));
        assertTrue(
                text.read("{\"prompt\": \"p\", \"chosen\": \"c\", \"rejected\": \"r\", \"prompt_ids\": [1]}"
                                .getBytes(StandardCharsets.UTF_8))
                        instanceof TextPair);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``                                                                  | BLANK",
                "`  `                                                                | BLANK",
                "{                                                                   | MALFORMED_JSON",
                "{\"prompt\": \"p\", \"chosen\": \"c                                 | MALFORMED_JSON",
                "{} {}                                                               | MALFORMED_JSON",
                "[1]                                                                 | MALFORMED_JSON",
                "null                                                                | MALFORMED_JSON",
                "{}                                                                  | UNKNOWN_FORMAT",
                "{\"text\": \"x\"}                                                   | UNKNOWN_FORMAT",
                "{\"prompt\": \"p\", \"chosen\": null, \"rejected\": \"r\"}          | MISSING_FIELD",
                "{\"prompt\": \"p\", \"chosen\": 3, \"rejected\": \"r\"}             | WRONG_TYPE",
                "{\"prompt\": \"p\", \"chosen\": [\"c\"], \"rejected\": \"r\"}       | WRONG_TYPE",
                "{\"prompt\": \"p\", \"completion\": \"\\ud83d!\"}                   | BROKEN_TEXT",
                "{\"prompt\": \"p\", \"completion\": \"\\ude00\"}                    | BROKEN_TEXT",
                "{\"prompt_ids\": \"1\", \"completion_ids\": [2]}                    | WRONG_TYPE",
                "{\"prompt_ids\": [[1]], \"completion_ids\": [2]}                    | WRONG_TYPE",
                "{\"prompt_ids\": [1.5], \"completion_ids\": [2]}                    | WRONG_TYPE",
                "{\"prompt_ids\": [-1], \"completion_ids\": [2]}                     | TOKEN_OUT_OF_RANGE",
                "{\"prompt_ids\": [99999999999], \"completion_ids\": [2]}            | TOKEN_OUT_OF_RANGE",
            })
    void saysWhatIsWrong(String row, Reason reason) {
        assertEquals(reason, reasonOf(row));
    }

    @ParameterizedTest
    @CsvSource({
        "NaN, NON_FINITE_REFERENCE",
        "-Infinity, NON_FINITE_REFERENCE",
        "1e999, NON_FINITE_REFERENCE",
        "\"NaN\", NON_FINITE_REFERENCE",
        "\"-3\", WRONG_TYPE",
        "null, MISSING_FIELD"
    })
    void givenReferencesMustBeNumbers(String value, Reason reason) {
        assertEquals(
                reason,
                reasonOf("{\"prompt_ids\": [1], \"chosen_ids\": [2], \"rejected_ids\": [3],"
                        + " \"ref_chosen_logps\": -1, \"ref_rejected_logps\": " + value + "}"));
    }

    @Test
    void refusesWhatIsNotUtf8OrHuge() {
        byte[] latin1 = "{\"prompt\": \"é\", \"completion\": \"x\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(
                Reason.NOT_UTF8,
                assertThrows(UnfitRowException.class, () -> reader.read(latin1)).reason());
        byte[] huge = new byte[RowReader.LARGEST_ROW_BYTES + 1];
        assertEquals(
                Reason.ROW_TOO_LARGE,
                assertThrows(UnfitRowException.class, () -> reader.read(huge)).reason());
        assertEquals(Reason.BEYOND_LIMIT, reasonOf("[".repeat(100_000)));
    }

    @Test
    void namesTheFieldsOfARowItDoesNotKnow() {
        UnfitRowException e = assertThrows(UnfitRowException.class, () -> read("{\"id\": 1, \"source\": 2}"));
        assertTrue(e.getMessage().startsWith("its fields are id, source; known formats: "), e.getMessage());
    }

    private PreferenceRecord read(String row) throws UnfitRowException {
        return reader.read(row.getBytes(StandardCharsets.UTF_8));
    }

    private Reason reasonOf(String row) {
        return assertThrows(UnfitRowException.class, () -> read(row)).reason();
    }
}
