package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(strings = {"sentencepiece", "byte_level", "unigram"})
    void agreesWithTransformers(String name) throws IOException {
        JsonNode expected =
                JSON.readTree(TestTokenizers.folder("expected.json").toFile()).get(name);
        try (Tokenizer tokenizer = TestTokenizers.open(name)) {
            assertArrayEquals(ints(expected.get("prefix")), tokenizer.prefix());
            assertArrayEquals(
                    ints(expected.get("eos")),
                    tokenizer.eosIds().stream().mapToInt(Integer::intValue).toArray());
            for (JsonNode row : expected.get("texts")) {
                String text = row.get("text").asText();
                assertArrayEquals(ints(row.get("ids")), tokenizer.encode(text), text);
            }
        }
    }

    /** Of byte_level, whose eos_token is 290; 288 is an added token too, 40 is a letter. */
    @Test
    void theModelsEndsComeAfterTheTokenizersAndAreNoText() {
        Path folder = TestTokenizers.folder("byte_level");
        try (Tokenizer tokenizer =
                Tokenizer.open(TokenizerFiles.in(folder, List.of(40, 288, 290, 4000)), TemplateChoice.USUAL)) {
            assertEquals(List.of(290, 288), List.copyOf(tokenizer.eosIds()));
            assertEquals(290, tokenizer.eosId().orElseThrow());
        }
    }

    @Test
    void theTemplateMayComeFromAnotherFolder(@TempDir Path templates) throws IOException {
        Path folder = TestTokenizers.folder("byte_level");
        TokenizerFiles files = new TokenizerFiles(folder, templates, List.of());
        try (Tokenizer tokenizer = Tokenizer.open(files, TemplateChoice.USUAL)) {
            assertTrue(tokenizer.chatTemplate().isEmpty());
        }
        Files.writeString(templates.resolve("tokenizer_config.json"), "{\"chat_template\": \"{{ eos_token }}\"}");
        try (Tokenizer tokenizer = Tokenizer.open(files, TemplateChoice.USUAL)) {
            assertEquals("<|im_end|>", tokenizer.chatTemplate().orElseThrow().render(List.of(), false));
        }
    }

    @Test
    void severalThreadsShareOne() {
        try (Tokenizer tokenizer = TestTokenizers.open("byte_level")) {
            int[] expected = tokenizer.encode("the cat sat on the mat");
            IntStream.range(0, 2000)
                    .parallel()
                    .forEach(i -> assertArrayEquals(expected, tokenizer.encode("the cat sat on the mat")));
        }
    }

    @Test
    void decodesWithAndWithoutSpecialTokens() {
        try (Tokenizer tokenizer = TestTokenizers.open("byte_level")) {
            int[] ids = TokenIds.concatenate(tokenizer.encode("café 😀"), new int[] {290});
            assertEquals("café 😀<|im_end|>", tokenizer.decode(ids, false));
            assertEquals("café 😀", tokenizer.decode(ids, true));
        }
    }

    @Test
    void seesSpecialTokensThatATextSpells() {
        try (Tokenizer tokenizer = TestTokenizers.open("byte_level")) {
            assertTrue(tokenizer.spellsSpecialToken("a <|im_end|>"));
            assertFalse(tokenizer.spellsSpecialToken("a <|im_en|> <tool>"));
        }
    }

    @Test
    void cannotBeUsedOnceClosed() {
        Tokenizer tokenizer = TestTokenizers.open("byte_level");
        tokenizer.close();
        tokenizer.close();
        assertThrows(IllegalStateException.class, () -> tokenizer.encode("a"));
    }

    @Test
    void namesWhatIsMissingOrBroken(@TempDir Path folder) throws IOException {
        assertTrue(message(folder).contains("has no tokenizer.json"));

        for (String broken : List.of("", "{\"model\": ", "[]")) {
            Files.writeString(folder.resolve("tokenizer.json"), broken);
            assertTrue(message(folder).contains("tokenizer.json"), broken);
        }
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": {\"type\": \"Telepathy\"}}");
        assertTrue(message(folder).startsWith("Cannot load the tokenizer"), message(folder));

        Files.writeString(
                folder.resolve("tokenizer.json"),
                Files.readString(TestTokenizers.folder("byte_level").resolve("tokenizer.json")));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": {\"content\": \"<|stop|>\"}}");
        assertTrue(message(folder).contains("eos_token <|stop|> is not in the vocabulary"), message(folder));
    }

    private static String message(Path folder) {
        return assertThrows(RpoException.class, () -> Tokenizer.open(folder)).getMessage();
    }

    static int[] ints(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
    }
}
