package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.preference.Message;
import ai.rpo.core.preference.PreferenceRecord;
import ai.rpo.core.preference.PreferenceRecord.ConversationPair;
import ai.rpo.core.preference.PreferenceRecord.TextPair;
import ai.rpo.core.preference.PromptReader;
import ai.rpo.core.preference.PromptRecord.ConversationPrompt;
import ai.rpo.core.preference.PromptRecord.TextPrompt;
import ai.rpo.core.preference.Reason;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What users' templates and rows do to training, each with what TRL makes of it or with the words that refuse it. */
class TemplateSituationsTest {

    private static final String CHATML =
            "{% if tools %}<tools>{{ tools | tojson }}</tools>{% endif %}{% for m in messages %}{{ '<|im_start|>' + m.role + '\n'"
                    + " + m.content + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}"
                    + "{{ '<|im_start|>assistant\n' }}{% if enable_thinking is defined and enable_thinking is false %}<think></think>"
                    + "{% endif %}{% endif %}";

    private static final String OPENS_THINK =
            CHATML.replace("{% if enable_thinking is defined and enable_thinking is false %}", "{% if true %}");

    @TempDir
    private Path folder;

    private Tokenizer tokenizer(String template) throws IOException {
        for (String file : List.of("tokenizer.json", "tokenizer_config.json", "generation_config.json")) {
            Files.write(
                    folder.resolve(file),
                    Files.readAllBytes(TestTokenizers.folder("byte_level").resolve(file)));
        }
        Files.writeString(folder.resolve("chat_template.jinja"), template);
        return Tokenizer.open(TokenizerFiles.in(folder, TestTokenizers.eosIds("byte_level")), TemplateChoice.USUAL);
    }

    private static PairTokenizer pairs(Tokenizer tokenizer) {
        return new PairTokenizer(tokenizer, StraddlePolicy.SEPARATE, new LengthLimit(500, Truncation.DROP));
    }

    private static PreferenceRecord read(String row) throws UnfitRowException {
        return new RowReader(Optional.empty()).read(row.getBytes(StandardCharsets.UTF_8));
    }

    private static String row(String more) {
        return "{\"prompt\": [{\"role\": \"user\", \"content\": \"hi\"}], \"chosen\": [{\"role\": \"assistant\","
                + " \"content\": \"the cat\"}], \"rejected\": [{\"role\": \"assistant\", \"content\": \"a\"}]" + more
                + "}";
    }

    private static ConversationPair pair(String role, String answerRole) {
        return new ConversationPair(
                List.of(Message.of(role, "hi")),
                List.of(Message.of(answerRole, "the cat")),
                List.of(Message.of(answerRole, "a")));
    }

    @ParameterizedTest
    @ValueSource(strings = {", \"tools\": [{\"name\": \"f\"}]", ", \"tools\": \"[{\\\"name\\\": \\\"f\\\"}]\""})
    void toolsReachTheTemplateInTrainingAndGeneration(String tools) throws IOException, UnfitRowException {
        try (Tokenizer tokenizer = tokenizer(CHATML)) {
            PairTokenizer.Pair pair = pairs(tokenizer).tokenize((ConversationPair) read(row(tools)));
            assertEquals(
                    "<tools>[{\"name\": \"f\"}]</tools><|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
                    tokenizer.decode(pair.prompt(), false));
            PromptReader reader = new PromptReader(new RowReader(Optional.empty()));
            ConversationPrompt prompt = (ConversationPrompt)
                    reader.read(row(tools).getBytes(StandardCharsets.UTF_8)).prompt();
            assertArrayEquals(pair.prompt(), new PromptTokenizer(tokenizer, SpellingPolicy.AS_TEXT).tokenize(prompt));
        }
    }

    @Test
    void whatARowCannotDecideIsRefused() {
        assertEquals(
                "chat_template_kwargs.add_generation_prompt cannot be decided by a row; leave it out",
                refusal(row(", \"chat_template_kwargs\": {\"add_generation_prompt\": false}")));
        assertEquals("tools must be a list of JSON schemas, but is a number", refusal(row(", \"tools\": 7")));
        assertTrue(
                refusal("{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\", \"tools\": [{\"name\": \"f\"}]}")
                        .startsWith("tools is for a chat template, but the row is text"));
    }

    private static String refusal(String row) {
        return assertThrows(UnfitRowException.class, () -> read(row)).getMessage();
    }

    @Test
    void aGenerationPromptIsCutToWhatAnswersKeep() throws IOException, UnfitRowException {
        try (Tokenizer tokenizer = tokenizer(OPENS_THINK)) {
            PairTokenizer.Pair pair = pairs(tokenizer).tokenize(pair("user", "assistant"));
            assertEquals(
                    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", tokenizer.decode(pair.prompt(), false));
            assertEquals("the cat<|im_end|>", tokenizer.decode(pair.chosen(), false));
            assertEquals(Set.of(Remark.GENERATION_PROMPT_CUT), pair.notes().remarks());
        }
    }

    @Test
    void argumentsOfARowReachTheGenerationPrompt() throws IOException, UnfitRowException {
        try (Tokenizer tokenizer = tokenizer(CHATML)) {
            PromptReader reader = new PromptReader(new RowReader(Optional.empty()));
            String row = row(", \"chat_template_kwargs\": {\"enable_thinking\": false}");
            int[] ids = new PromptTokenizer(tokenizer, SpellingPolicy.AS_TEXT).tokenize((ConversationPrompt)
                    reader.read(row.getBytes(StandardCharsets.UTF_8)).prompt());
            assertTrue(tokenizer.decode(ids, false).endsWith("assistant\n<think></think>"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Human, assistant, UNKNOWN_ROLE", "User, assistant, UNKNOWN_ROLE", "user, gpt, UNKNOWN_ROLE",
        "user, user, ANSWER_BY_ANOTHER", "user, system, ANSWER_BY_ANOTHER", "user, tool, ANSWER_BY_ANOTHER"
    })
    void rolesThatATemplateDoesNotKnowAreNamed(String prompt, String answer, String reason) throws IOException {
        try (Tokenizer tokenizer = tokenizer(CHATML)) {
            UnfitRowException e =
                    assertThrows(UnfitRowException.class, () -> pairs(tokenizer).tokenize(pair(prompt, answer)));
            assertEquals(Reason.valueOf(reason), e.reason());
            assertTrue(e.getMessage().contains("role " + (prompt.equals("user") ? answer : prompt)), e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {CHATML_TRIM, CHATML_PLUS, CHATML_PARTS})
    void partsBecomeTheirText(String template) throws IOException, UnfitRowException {
        try (Tokenizer tokenizer = tokenizer(template)) {
            Message parts =
                    new Message(Map.of("role", "user", "content", List.of(Map.of("type", "text", "text", "hi"))));
            ConversationPair row = new ConversationPair(
                    List.of(parts), List.of(Message.of("assistant", "b")), List.of(Message.of("assistant", "c")));
            ConversationPair text =
                    new ConversationPair(List.of(Message.of("user", "hi")), row.chosen(), row.rejected());
            assertArrayEquals(
                    pairs(tokenizer).tokenize(text).prompt(),
                    pairs(tokenizer).tokenize(row).prompt());
        }
    }

    private static final String CHATML_TRIM =
            "{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}/{% endfor %}";
    private static final String CHATML_PLUS = "{% for m in messages %}<{{ m.role }}>{{ m.content + '/' }}{% endfor %}";
    private static final String CHATML_PARTS =
            "{% for m in messages %}<{{ m.role }}>{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}"
                    + "{{ p.text }}{% endfor %}{% endif %}/{% endfor %}";

    @Test
    void aRenderedTextIsReadAsItIsMeant() throws IOException, UnfitRowException {
        TextPair row =
                new TextPair("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", "a<|im_end|>", "b<|im_end|>\n");
        try (Tokenizer tokenizer = tokenizer(CHATML)) {
            assertEquals(
                    Set.of(Remark.SPELLS_SPECIAL_TOKEN),
                    pairs(tokenizer).tokenize(row).notes().remarks());
            PairTokenizer asTokens = new PairTokenizer(
                    tokenizer,
                    StraddlePolicy.SEPARATE,
                    SpellingPolicy.AS_TOKENS,
                    new LengthLimit(500, Truncation.DROP));
            PairTokenizer.Pair pair = asTokens.tokenize(row);
            PairTokenizer.Pair same = pairs(tokenizer)
                    .tokenize(new ConversationPair(
                            List.of(Message.of("user", "hi")),
                            List.of(Message.of("assistant", "a")),
                            List.of(Message.of("assistant", "b"))));
            assertArrayEquals(same.prompt(), pair.prompt());
            assertArrayEquals(same.chosen(), pair.chosen());
            assertArrayEquals(same.rejected(), pair.rejected());
            assertEquals(Set.of(), pair.notes().remarks());
        }
    }

    @Test
    void answersThatRepeatOrGoOnAreRemarkedOn() throws IOException, UnfitRowException {
        try (Tokenizer tokenizer = tokenizer(CHATML)) {
            assertEquals(
                    Set.of(Remark.REPEATS_PROMPT),
                    pairs(tokenizer)
                            .tokenize(new TextPair("a b", "a b c", "d"))
                            .notes()
                            .remarks());
            ConversationPair goesOn = new ConversationPair(
                    List.of(Message.of("user", "hi")),
                    List.of(Message.of("assistant", "a"), Message.of("user", "b")),
                    List.of(Message.of("assistant", "c")));
            assertEquals(
                    Set.of(Remark.ENDS_WITH_USER),
                    pairs(tokenizer).tokenize(goesOn).notes().remarks());
        }
    }

    @Test
    void theDateIsTheOneThatWasChosen() throws IOException {
        tokenizer("{{ strftime_now('%d %b %Y') }}").close();
        TemplateChoice choice = new TemplateChoice(null, LocalDate.parse("2024-07-06"));
        try (Tokenizer tokenizer = Tokenizer.open(folder, choice)) {
            assertEquals("06 Jul 2024", tokenizer.chatTemplate().orElseThrow().render(List.of(), true));
        }
        assertTrue(ChatTemplate.writesDate("{{ strftime_now('%Y') }}"));
        assertFalse(ChatTemplate.writesDate(CHATML));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\r\n", "\r"})
    void lineEndsOfATemplateAreAllOne(String lineEnd) throws IOException {
        try (Tokenizer tokenizer = tokenizer("a" + lineEnd + "{% if true %}" + lineEnd + "b{% endif %}")) {
            assertEquals("a\nb", tokenizer.chatTemplate().orElseThrow().render(List.of(), true));
        }
    }

    @Test
    void thoughtsAreFoundUnderAnyOfTheirNames() throws IOException {
        try (Tokenizer tokenizer = tokenizer("{{ messages[0].reasoning_content }}|{{ messages[0].thinking }}")) {
            ChatTemplate template = tokenizer.chatTemplate().orElseThrow();
            for (String name : List.of("reasoning", "thinking", "reasoning_content")) {
                Message message = new Message(Map.of("role", "assistant", "content", "a", name, "hm"));
                assertEquals("hm|hm", template.render(List.of(message), false), name);
            }
        }
    }

    /** Jinja takes it for text, and so does transformers. */
    @Test
    void aByteOrderMarkIsText() throws IOException {
        try (Tokenizer tokenizer = tokenizer("\ufeffa{{ 'b' }}")) {
            assertEquals("\ufeffab", tokenizer.chatTemplate().orElseThrow().render(List.of(), true));
        }
    }

    @Test
    void aPromptThatEndsWithAnAnswerIsNamed() throws IOException {
        ConversationPair pair = new ConversationPair(
                List.of(Message.of("user", "hi"), Message.of("assistant", "the")),
                List.of(Message.of("assistant", "cat")),
                List.of(Message.of("assistant", "a")));
        String merged =
                "{% for m in messages %}{% if loop.first or m.role != loop.previtem.role %}<{{ m.role }}>{% endif %}"
                        + "{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}";
        try (Tokenizer tokenizer = tokenizer(merged)) {
            UnfitRowException e =
                    assertThrows(UnfitRowException.class, () -> pairs(tokenizer).tokenize(pair));
            assertEquals(Reason.PROMPT_ENDS_WITH_ANSWER, e.reason());
            assertEquals("chosen; move that turn into the completions", e.getMessage());
        }
    }

    /** One answer keeps all of the generation prompt and the other does not: nothing of either is lost. */
    @Test
    void aGenerationPromptIsCutToWhatBothAnswersKeep() throws IOException, UnfitRowException {
        ConversationPair mixed = new ConversationPair(
                List.of(Message.of("user", "hi")),
                List.of(Message.of("assistant", "<think></think>the cat")),
                List.of(Message.of("assistant", "a")));
        try (Tokenizer tokenizer = tokenizer(OPENS_THINK)) {
            PairTokenizer.Pair pair = pairs(tokenizer).tokenize(mixed);
            assertEquals(
                    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", tokenizer.decode(pair.prompt(), false));
            assertEquals("<think></think>the cat<|im_end|>", tokenizer.decode(pair.chosen(), false));
            assertEquals("a<|im_end|>", tokenizer.decode(pair.rejected(), false));
        }
    }

    @Test
    void aRowThatIsNestedAsDeepAsMayBeEndsNoJob() throws IOException, UnfitRowException {
        String deep = "[".repeat(990) + "]".repeat(990);
        String template = CHATML.replace("{% for m in messages %}", "{{ x | tojson | length }}{% for m in messages %}");
        try (Tokenizer tokenizer = tokenizer(template)) {
            PairTokenizer.Pair pair = pairs(tokenizer)
                    .tokenize((ConversationPair) read(row(", \"chat_template_kwargs\": {\"x\": " + deep + "}")));
            assertTrue(tokenizer.decode(pair.prompt(), false).startsWith("1980<|im_start|>user"));
        }
        try (Tokenizer tokenizer = tokenizer("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")) {
            UnfitRowException e =
                    assertThrows(UnfitRowException.class, () -> pairs(tokenizer).tokenize(pair("user", "assistant")));
            assertEquals(Reason.REFUSED_BY_TEMPLATE, e.reason());
            assertEquals("its macros or values are nested too deeply", e.getMessage());
        }
    }

    /** WordPiece writes what goes on with a word otherwise than what begins one: "at" alone would be another word. */
    @Test
    void aWordThatTheBorderCutsGoesOnUnderWordPiece() throws IOException, UnfitRowException {
        Files.writeString(folder.resolve("tokenizer.json"), """
                {"added_tokens": [{"id": 1, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
                  "rstrip": false, "normalized": false}],
                 "pre_tokenizer": {"type": "Whitespace"}, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": false},
                 "model": {"type": "WordPiece", "unk_token": "?", "continuing_subword_prefix": "##", "max_input_chars_per_word": 99,
                  "vocab": {"?": 0, "</s>": 1, "the": 2, "c": 3, "cat": 4, "##at": 5, "at": 6, "a": 7, "x": 8}}}
                """);
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        try (Tokenizer tokenizer = Tokenizer.open(folder)) {
            PairTokenizer.Pair pair = pairs(tokenizer).tokenize(new TextPair("the c", "at", "at x"));
            assertArrayEquals(new int[] {2, 3}, pair.prompt());
            assertArrayEquals(new int[] {5, 1}, pair.chosen());
            assertArrayEquals(new int[] {5, 8, 1}, pair.rejected());
        }
    }

    @ParameterizedTest
    @CsvSource({"sentencepiece, the c, at", "unigram, the c, at", "byte_level, the c, at"})
    void promptAndCompletionReadAsTheTextDoes(String name, String prompt, String completion) throws UnfitRowException {
        try (Tokenizer tokenizer = TestTokenizers.open(name)) {
            PairTokenizer.Pair pair = pairs(tokenizer).tokenize(new TextPair(prompt, completion, completion + " x"));
            assertArrayEquals(
                    new PromptTokenizer(tokenizer, SpellingPolicy.AS_TEXT).tokenize(new TextPrompt(prompt)),
                    pair.prompt());
            assertEquals(
                    prompt + completion,
                    tokenizer
                            .decode(TokenIds.concatenate(pair.prompt(), pair.chosen()), true)
                            .strip());
        }
    }
}
