package ai.rpo.core.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptReaderTest {

    private static final String TURN = "[{\"role\":\"user\",\"content\":\"hi\"}]";

    /** A conversation, whatever the layout that brings it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'prompt': [U], 'chosen': [A], 'rejected': [B]}",
                "{'chosen': [U, A], 'rejected': [U, B]}",
                "{'prompt': 'hi', 'chosen': [U, A], 'rejected': [U, B]}",
                "{'prompt': [U], 'completion': [A], 'label': true}",
                "{'prompt': [U], 'completion': [A]}",
                "{'conversations': [{'from': 'human', 'value': 'hi'}], 'chosen': {'from': 'gpt', 'value': 'a'},"
                        + " 'rejected': {'from': 'gpt', 'value': 'b'}}",
                "{'prompt': [U], 'completions': [[A], [B]], 'scores': [1, 2]}",
                "{'messages': [U, A]}",
                "{'messages': [U]}",
                "{'prompt': [U]}",
                "{'instruction': 'hi', 'dataset': 'koala'}",
                "{'prompt': [U], 'chosen': 'half a row'}"
            })
    void isThatOfTraining(String layout) throws UnfitRowException {
        String row = layout.replace('\'', '"')
                .replace("U", "{\"role\": \"user\", \"content\": \"hi\"}")
                .replace("A", "{\"role\": \"assistant\", \"content\": \"a\"}")
                .replace("B", "{\"role\": \"assistant\", \"content\": \"b\"}");
        assertEquals(TURN, read(row, FieldNames.USUAL).given().toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"prompt\": \"p\", \"chosen\": \"a\", \"rejected\": \"b\"} | p",
                "{\"chosen\": \"say one\", \"rejected\": \"say two\"} | say",
                "{\"prompt\": \"p\", \"completions\": [\"a\", \"b\"], \"scores\": [1, 2]} | p",
                "{\"prompt\": \"p\", \"completion\": \"a\"} | p",
                "{\"prompt\": \"p\"} | p"
            })
    void ofTextIsText(String row, String prompt) throws UnfitRowException {
        assertEquals(
                new PromptRecord.TextPrompt(prompt), read(row, FieldNames.USUAL).prompt());
    }

    /** As MT-Bench has its questions. */
    @Test
    void turnsAreAConversationWithTheModelsOwnAnswers() throws UnfitRowException {
        PromptReader.Row row = read(
                "{\"question_id\": 81, \"category\": \"math\", \"turns\": [\"one\", \"two\"], \"reference\": [\"1\"]}",
                FieldNames.USUAL);
        PromptRecord.TurnsPrompt turns = (PromptRecord.TurnsPrompt) row.prompt();
        assertEquals("[\"one\",\"two\"]", row.given().toString());
        assertEquals("math", row.category());
        assertEquals("81", row.id().toString());
        assertEquals(List.of(Message.of("user", "one")), turns.after(List.of()).messages());
        assertEquals(
                List.of(Message.of("user", "one"), Message.of("assistant", "1"), Message.of("user", "two")),
                turns.after(List.of("1")).messages());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"turns\": []} | EMPTY_PROMPT",
                "{\"turns\": \"one\"} | WRONG_TYPE",
                "{\"turns\": [\"one\", {\"role\": \"user\"}]} | WRONG_TYPE",
                "{\"turns\": [\"one\"], \"system\": \"be brief\"} | UNUSED_FIELD",
                "{\"instruction\": \"sum\", \"input\": \"1 and 2\"} | UNUSED_FIELD"
            })
    void turnsAndInstructionsThatCannotBeAskedAreRefused(String row, Reason reason) {
        assertEquals(
                reason,
                assertThrows(UnfitRowException.class, () -> read(row, FieldNames.USUAL))
                        .reason());
    }

    @Test
    void fieldsMayBeCalledOtherwise() throws UnfitRowException {
        FieldNames names = new FieldNames(Map.of("prompt", "question"), List.of());
        assertEquals(
                new PromptRecord.TextPrompt("p"),
                read("{\"question\": \"p\", \"chosen\": \"a\", \"rejected\": \"b\"}", names)
                        .prompt());
    }

    /** Whether the row is one of training, or a prompt alone. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"prompt\": \"p\", \"completion\": \"a\"",
                "\"prompt\": \"p\"",
                "\"prompt\": " + TURN,
                "\"messages\": " + TURN
            })
    void whatWouldBeLostIsRefusedAsInTraining(String row) {
        UnfitRowException e = assertThrows(
                UnfitRowException.class, () -> read("{" + row + ", \"context\": \"c d\"}", FieldNames.USUAL));
        assertEquals(Reason.UNUSED_FIELD, e.reason());
    }

    @Test
    void whatTrainingWouldReadOtherwiseIsNoPrompt() {
        UnfitRowException e = assertThrows(
                UnfitRowException.class,
                () -> read("{\"prompt\": \"hi\", \"chosen\": " + TURN + ", \"rejected\": null}", FieldNames.USUAL));
        assertEquals(Reason.MISSING_FIELD, e.reason());
    }

    private static PromptReader.Row read(String row, FieldNames names) throws UnfitRowException {
        return new PromptReader(new RowReader(Optional.empty(), names)).read(row.getBytes(StandardCharsets.UTF_8));
    }
}
