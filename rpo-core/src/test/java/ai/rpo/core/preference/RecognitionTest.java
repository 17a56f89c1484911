package ai.rpo.core.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.preference.PreferenceRecord.ConversationExample;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.RatedCompletions;
import ai.rpo.core.preference.PreferenceRecord.TextExample;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PreferenceRecord.UnpairedCompletion;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A format is recognised by what is there, and nothing that speaks to the model is dropped. Single quotes stand for double ones. */
class RecognitionTest {

    private static final String ANSWERS = "'chosen': 'I would say blue', 'rejected': 'I would say mud'";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'instruction': 'Name'",
                "'question': 'Name'",
                "'messages': [{'role': 'user', 'content': 'Name'}]",
                "'conversations': [{'from': 'human', 'value': 'Name'}]",
                "'history': [['a', 'b']]",
                "'post_of_a_forum': 'Which colour has the sea?'"
            })
    void whatAnswersShareIsNoPromptWhereSomethingElseMayBe(String prompt) {
        UnfitRowException e = refusal("{" + prompt + ", " + ANSWERS + "}");
        assertEquals(Reason.UNKNOWN_FORMAT, e.reason());
        assertTrue(e.getMessage().contains("rpo.data.fields.prompt"), e.getMessage());
    }

    @Test
    void whatAnswersShareIsThePromptBesideLabelsAndItsOwnRepetition() throws UnfitRowException {
        TextPair expected = new TextPair("I would say", " blue", " mud");
        assertEquals(expected, read("{'id': 'a7', 'score': 3, " + ANSWERS + "}"));
        assertEquals(expected, read("{'question': 'I would say', 'instruction': '', 'input': null, " + ANSWERS + "}"));
        RowReader forced = new RowReader(RowFormats.named("implicit-prompt"));
        assertEquals(expected, forced.read(bytes("{'comment': 'two words', " + ANSWERS + "}")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'prompt': [USER], 'chosen': ANSWER, 'rejected': WORSE",
                "'prompt': USER, 'chosen': ANSWER, 'rejected': WORSE",
                "'prompt': [HUMAN], 'chosen': GPT, 'rejected': [WORSE]",
                "'prompt': 'q', 'chosen': [HUMAN, GPT], 'rejected': [USER, WORSE]",
                "'chosen': [HUMAN, GPT], 'rejected': [HUMAN, WORSE]",
            })
    void aMessageMayStandAloneOrAsShareGptHasIt(String fields) throws UnfitRowException {
        String row = fields.replace("USER", "{'role': 'user', 'content': 'q'}")
                .replace("HUMAN", "{'from': 'human', 'value': 'q'}")
                .replace("ANSWER", "{'role': 'assistant', 'content': 'yes'}")
                .replace("GPT", "{'from': 'gpt', 'value': 'yes'}")
                .replace("WORSE", "{'role': 'assistant', 'content': 'no'}");
        assertEquals(
                new ConversationPair(
                        List.of(Message.of("user", "q")),
                        List.of(Message.of("assistant", "yes")),
                        List.of(Message.of("assistant", "no"))),
                read("{" + row + "}"));
    }

    @Test
    void columnsAreNoRow() {
        UnfitRowException e = refusal("{'prompt': ['p', 'q'], 'chosen': ['a', 'b'], 'rejected': ['c', 'd']}");
        assertEquals(Reason.WRONG_TYPE, e.reason());
        assertTrue(e.getMessage().contains("write an object a row"), e.getMessage());
    }

    @Test
    void aCompletionMayBeOneMessage() throws UnfitRowException {
        assertEquals(
                new ConversationExample(List.of(Message.of("user", "q")), List.of(Message.of("assistant", "yes"))),
                read("{'prompt': [{'role': 'user', 'content': 'q'}],"
                        + " 'completion': {'from': 'gpt', 'value': 'yes'}}"));
    }

    @Test
    void aNullPromptIsMissing() {
        assertEquals(
                Reason.MISSING_FIELD,
                refusal("{'prompt': null, " + ANSWERS + "}").reason());
        FieldNames names = new FieldNames(Map.of("prompt", "question"), List.of());
        UnfitRowException e = assertThrows(UnfitRowException.class, () -> new RowReader(Optional.empty(), names)
                .read(bytes("{'prompt': 'p', " + ANSWERS + "}")));
        assertEquals("question is missing or null", e.getMessage());
    }

    /** As tables have them that were put together of several. */
    @Test
    void fieldsThatAreNullSayNothingOfTheFormat() throws UnfitRowException {
        String tokens = "'prompt_ids': null, 'chosen_ids': null, 'rejected_ids': null, 'completion_ids': null, ";
        assertEquals(
                new TextPair("p", "c", "r"),
                read("{" + tokens
                        + "'completion': null, 'label': null, 'prompt': 'p', 'chosen': 'c', 'rejected': 'r'}"));
        assertEquals(
                new TextExample("p", "c"),
                read("{" + tokens + "'chosen': null, 'rejected': null, 'prompt': 'p', 'completion': 'c'}"));
        assertEquals(
                new TextPair("\n\nHuman: q\n\nAssistant:", " a", " b"),
                read("{'prompt': null, 'chosen': '\\n\\nHuman: q\\n\\nAssistant: a',"
                        + " 'rejected': '\\n\\nHuman: q\\n\\nAssistant: b'}"));
        assertEquals(
                "chosen_ids is missing or null",
                refusal("{" + tokens + "'x': 1}").getMessage().replace("prompt_ids", "chosen_ids"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'system': 'Be kind.'                | system is not part of the prompt",
                "'input': 'the sea'                  | input is not part of the prompt",
                "'history': [['q', 'a']]             | history is not part of the prompt",
                "'messages': [{'role': 'user', 'content': 'x'}] | messages is not part of the prompt",
                "'images': [{'bytes': 'AA=='}]       | images cannot be trained on, which only text can",
                "'image': true                       | image cannot be trained on, which only text can",
            })
    void aFieldThatSpeaksToTheModelIsNotDropped(String field, String why) throws UnfitRowException {
        String pair = "{'prompt': 'p q', 'chosen': 'c', 'rejected': 'r', %s}".formatted(field);
        String example = "{'prompt': 'p q', 'completion': 'c', %s}".formatted(field);
        String labelled = "{'prompt': 'p q', 'completion': 'c', 'label': true, %s}".formatted(field);
        String rated = "{'prompt': 'p q', 'completions': ['c', 'd'], 'scores': [1, 2], %s}".formatted(field);
        String conversation = "{'prompt': [{'role': 'user', 'content': 'p q'}], 'completion': [], %s}".formatted(field);
        FieldNames ignoring = new FieldNames(Map.of(), List.of(field.substring(1, field.indexOf('\'', 1))));
        for (String row : List.of(pair, example, labelled, rated, conversation)) {
            UnfitRowException e = refusal(row);
            assertEquals(Reason.UNUSED_FIELD, e.reason());
            assertTrue(e.getMessage().startsWith(why + "; "), e.getMessage());
            new RowReader(Optional.empty(), ignoring).read(bytes(row));
        }
    }

    @Test
    void aFieldWhoseTextThePromptRepeatsIsNotLost() throws UnfitRowException {
        read(
                "{'prompt': 'Be kind.\\nName', 'system': 'Be  kind.', 'instruction': ' Name\\n', 'input': '', 'images': [],"
                        + " 'chosen': 'c', 'rejected': 'r'}");
        String turns = "[{'role': 'user', 'content': 'q'}, {'role': 'assistant', 'content': '%s'}]";
        String whole = "'chosen': " + turns.formatted("a") + ", 'rejected': " + turns.formatted("b") + "}";
        for (String prompt : List.of("q", "Human: q Assistant:")) {
            read("{'prompt': '%s', 'messages': %s, %s".formatted(prompt, turns.formatted("a"), whole));
        }
        assertEquals(
                Reason.UNUSED_FIELD,
                refusal("{'prompt': 'of another row', " + whole).reason());
        assertEquals(
                Reason.UNUSED_FIELD, refusal("{'system': 'Be kind.', " + whole).reason());
        RatedCompletions rated = (RatedCompletions) read(
                "{'instruction': 'p', 'completions': [{'response': 'a', 'score': 1}, {'response': 'b', 'score': 2}]}");
        assertEquals(new PromptRecord.TextPrompt("p"), rated.prompt());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'messages': [{'role': 'system', 'content': 's'}, {'role': 'user', 'content': 'q'}, {'role': 'assistant', 'content': 'a'}]",
                "'prompt': 'q', 'messages': [{'role': 'system', 'content': 's'}, {'role': 'user', 'content': 'q'}, {'role': 'assistant', 'content': 'a'}]",
                "'system': 's', 'conversations': [{'from': 'human', 'value': 'q'}, {'from': 'gpt', 'value': 'a'}]",
            })
    void aConversationsLastTurnIsItsCompletion(String row) throws UnfitRowException {
        ConversationExample expected = new ConversationExample(
                List.of(Message.of("system", "s"), Message.of("user", "q")), List.of(Message.of("assistant", "a")));
        assertEquals(expected, read("{" + row + "}"));
        assertEquals(new UnpairedCompletion(expected, false), read("{" + row + ", 'label': false}"));
    }

    @Test
    void aConversationThatWaitsForAnAnswerHasNoCompletion() {
        String user = "{'role': 'user', 'content': 'q'}";
        String assistant = "{'role': 'assistant', 'content': 'a'}";
        assertEquals(
                Reason.EMPTY_COMPLETION, refusal("{'messages': [" + user + "]}").reason());
        assertEquals(
                Reason.EMPTY_COMPLETION,
                refusal("{'messages': [" + user + ", " + assistant + ", " + user + "]}")
                        .reason());
        assertEquals(
                Reason.EMPTY_PROMPT,
                refusal("{'messages': [" + assistant + "]}").reason());
    }

    @Test
    void axolotlsRankedConversationsAreRead() throws UnfitRowException {
        assertEquals(
                new ConversationPair(
                        List.of(Message.of("user", "q")),
                        List.of(Message.of("assistant", "a")),
                        List.of(Message.of("assistant", "b"))),
                read("{'messages': [{'role': 'user', 'content': 'q'}], 'chosen': {'role': 'assistant', 'content': 'a'},"
                        + " 'rejected': {'role': 'assistant', 'content': 'b'}}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'data': [{'prompt': 'q', 'chosen': 'a', 'rejected': 'b'}]          | the rows are within data: write that array alone, or each of them on a line",
                "'question': 'q', 'chosen_response': 'a', 'rejected_response': 'b' | perhaps rpo.data.fields.prompt = question, rpo.data.fields.chosen = chosen_response, rpo.data.fields.rejected = rejected_response",
                "'instruction': 'q', 'input': '', 'output': 'a'                    | perhaps rpo.data.fields.prompt = instruction, rpo.data.fields.completion = output",
                "'instruction': 'q', 'output': 'a', 'kto_tag': true                | perhaps rpo.data.fields.prompt = instruction, rpo.data.fields.completion = output, rpo.data.fields.label = kto_tag",
                "'query': 'q', 'response': 'a', 'rejected_response': 'b'           | perhaps rpo.data.fields.prompt = query, rpo.data.fields.chosen = response, rpo.data.fields.rejected = rejected_response",
                "'chosen_conversations': [], 'rejected_conversations': []          | perhaps rpo.data.fields.chosen = chosen_conversations, rpo.data.fields.rejected = rejected_conversations",
                "'instruction': 'q', 'input': '', 'output': ['a', 'b']             | output is a list of answers: write the better one as chosen and the worse one as rejected, or set rpo.data.fields.completions = output and give their scores",
                "'prompt': 'q', 'response_0': 'a', 'response_1': 'b', 'better_response_id': 1 | write the better one of response_0 and response_1 as chosen and the other one as rejected",
                "'history': 'q', 'human_ref_A': 'a', 'human_ref_B': 'b', 'labels': 1 | write the better one of human_ref_A and human_ref_B as chosen and the other one as rejected",
                "'input': {'messages': [{'role': 'user', 'content': 'q'}], 'tools': []}, 'preferred_output': [], 'non_preferred_output': [] | write input.messages as prompt, input.tools as tools, and set rpo.data.fields.chosen = preferred_output, rpo.data.fields.rejected = non_preferred_output",
                "'text': 'Human: q Assistant: a'                                   | text does not say where a prompt ends and its completion begins: write it as prompt and completion, or as messages",
            })
    void otherNamesAreGuessed(String row, String hint) {
        UnfitRowException e = refusal("{" + row + "}");
        assertEquals(Reason.UNKNOWN_FORMAT, e.reason());
        assertTrue(e.getMessage().endsWith(hint), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{\\'role\\': \\'user\\', \\'content\\': \\'name\\'}]",
                " [ {\\'content\\' : \\'name\\', \\'role\\': \\'user\\'}]",
                "{\\'from\\': \\'human\\', \\'value\\': \\'name\\'}",
                "[{`role`: `user`, `content`: `it is`}]"
            })
    void aConversationWrittenAsTextIsNotTrainedOnAsText(String text) throws UnfitRowException {
        String row = "{'prompt': '%s', 'completion': 'c'}".formatted(text).replace("\\'", "\\\"");
        UnfitRowException e = refusal(row.replace('\'', '"').replace('`', '\''), false);
        assertEquals(Reason.WRONG_TYPE, e.reason());
        assertTrue(e.getMessage().startsWith("prompt is a conversation written as text"), e.getMessage());
        read("{'prompt': 'a list: [1]', 'completion': '[{\\\"name\\\": \\\"f\\\"}]'}");
    }

    /** Of rows that are read, but not as pairs. */
    @Test
    void aSupervisedRowsLabelOrRejectedAnswerIsFound() {
        RowReader reader = new RowReader(Optional.empty());
        assertEquals(
                Optional.of("perhaps rpo.data.fields.label = is_good"),
                reader.hint(bytes("{'prompt': 'q', 'completion': 'a', 'is_good': false}")));
        String messages = "'messages': [{'role': 'user', 'content': 'q'}, {'role': 'assistant', 'content': 'a'}]";
        assertEquals(
                Optional.of(
                        "messages ends with the answer that rejected_response was worse than: write the turns before"
                                + " it as prompt, and both answers as chosen and rejected"),
                reader.hint(bytes("{" + messages + ", 'rejected_response': 'b'}")));
        for (String more : List.of("", ", 'text': 'of a page'", ", 'correct': true", ", 'problem': 'q'")) {
            assertEquals(Optional.empty(), reader.hint(bytes("{" + messages + more + "}")));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'prompt': 'q', 'completion': [U], 'label': true     | prompt is text, but completion is not",
                "'prompt': [U], 'chosen': 'a', 'rejected': 'b'       | chosen and rejected are text, but prompt is not",
                "'prompt': 'q', 'chosen': [A], 'rejected': [U]       | prompt is text, but chosen and rejected are not",
                "'prompt': 'q', 'chosen': 'a', 'rejected': [A]       | prompt and chosen are text, but rejected is not",
            })
    void textBesideMessagesIsNamed(String row, String why) {
        UnfitRowException e = refusal(("{" + row + "}")
                .replace("[U]", "[{'role': 'user', 'content': 'q'}]")
                .replace("[A]", "[{'role': 'assistant', 'content': 'a'}]"));
        assertEquals(Reason.WRONG_TYPE, e.reason());
        assertEquals(why + "; write all of them as texts, or all as lists of messages", e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'type': 'image'}                                  | image",
                "{'type': 'image_url', 'image_url': {'url': 'x'}}   | image",
                "{'type': 'input_audio', 'input_audio': {}}         | audio",
                "{'video': 'x.mp4'}                                 | video",
            })
    void picturesWithinMessagesAreNotTrainedOn(String part, String kind) {
        UnfitRowException e = refusal("{'prompt': [{'role': 'user', 'content': [{'type': 'text', 'text': 'q'}, " + part
                + "]}], 'completion': []}");
        assertEquals(Reason.UNUSED_FIELD, e.reason());
        assertEquals(
                "prompt[0].content[1] holds " + kind + ", which cannot be trained on, as only text can",
                e.getMessage());
    }

    @Test
    void numbersOfAnySizeArePassedOnAsTheyAre() throws UnfitRowException {
        String digits = "9".repeat(4300);
        ConversationExample example =
                (ConversationExample) read(("{'unused': %s, 'completion': [], 'prompt': [{'role': 'user',"
                                + " 'content': 'q', 'small': 3, 'big': 18446744073709551616, 'real': 0.5, 'huge': 1e999}]}")
                        .formatted(digits));
        Map<String, Object> fields = example.prompt().get(0).fields();
        assertEquals(3L, fields.get("small"));
        assertEquals(BigInteger.TWO.pow(64), fields.get("big"));
        assertEquals(0.5, fields.get("real"));
        assertEquals(Double.POSITIVE_INFINITY, fields.get("huge"));
        assertEquals(
                Reason.BEYOND_LIMIT,
                refusal("{'unused': 1%s, 'prompt': 'p'}".formatted(digits)).reason());
        assertEquals(
                Reason.BEYOND_LIMIT,
                refusal("{'unused': %s1%s}".formatted("[".repeat(1200), "]".repeat(1200)))
                        .reason());
    }

    @Test
    void aTextMayBeAsLongAsARow() throws UnfitRowException {
        String text = "x".repeat(21_000_000); // beyond what Jackson takes unless told
        assertEquals(new TextExample("p", text), read("{'prompt': 'p', 'completion': '" + text + "'}"));
    }

    /** As tables pad objects. */
    @Test
    void nullsWithinObjectsSayNothing() throws UnfitRowException {
        assertEquals(
                read("{'prompt': [{'role': 'user', 'content': [{'type': 'text', 'text': 'q'}]}], 'completion': []}"),
                read(
                        "{'prompt': [{'role': 'user', 'tool_calls': null, 'content': [{'type': 'text', 'text': 'q', 'url': null}]}],"
                                + " 'completion': []}"));
    }

    private static PreferenceRecord read(String row) throws UnfitRowException {
        return new RowReader(Optional.empty()).read(bytes(row));
    }

    private static UnfitRowException refusal(String row) {
        return refusal(row, true);
    }

    private static UnfitRowException refusal(String row, boolean quoted) {
        byte[] bytes = quoted ? bytes(row) : row.getBytes(StandardCharsets.UTF_8);
        return assertThrows(UnfitRowException.class, () -> new RowReader(Optional.empty()).read(bytes));
    }

    private static byte[] bytes(String row) {
        return row.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }
}
