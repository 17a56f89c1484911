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
