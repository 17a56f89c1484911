package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of several chat templates is used. */
class GivenChatTemplateTest {

    @TempDir
    Path folder;

    @BeforeEach
    void modelWithTwoTemplates() throws IOException {
        Files.copy(TestTokenizers.folder("byte_level").resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("tokenizer_config.json"), """
                {"eos_token": "<|im_end|>", "chat_template": [
                 {"name": "default", "template": "usual {{ messages[0].content }}"},
                 {"name": "rag", "template": "rag {{ messages[0].content }}{{ eos_token }}"}]}
                """);
    }

    @Test
    void theDefaultOfAListIsUsual() {
        assertEquals("usual hi", rendered(Optional.empty()));
    }

    @Test
    void aNameChoosesFromTheList() {
        assertEquals("rag hi<|im_end|>", rendered(Optional.of("rag")));
    }

    @Test
    void aNameChoosesAFileBesideTheUsualOne() throws IOException {
        Path more = Files.createDirectory(folder.resolve("additional_chat_templates"));
        Files.writeString(more.resolve("tool.jinja"), "tool {{ messages[0].content }}");
        Files.writeString(more.resolve("rag.jinja"), "rag of the file {{ messages[0].content }}");
        assertEquals("tool hi", rendered(Optional.of("tool")));
        assertEquals("rag of the file hi", rendered(Optional.of("rag")));
        assertTrue(refusal("absent").contains(" has: default, rag, tool. "), refusal("absent"));
        assertTrue(refusal("../additional_chat_templates/tool").contains(" has: default, rag, tool. "));
    }

    @Test
    void jinjaTakesTheModelsPlace() throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), "file {{ messages[0].content }}");
        assertEquals("file hi", rendered(Optional.empty()));
        assertEquals("hi<|im_end|>", rendered(Optional.of("{{ messages[0].content }}{{ eos_token }}")));
    }

    @Test
    void whatCannotBeUsedIsRefusedByName() throws IOException {
        assertEquals(
                "Cannot use the chat template tool: it is neither a file, nor Jinja, nor one of the names that "
                        + folder + " has: default, rag. Correct rpo.model.chat-template.",
                refusal("tool"));
        assertTrue(refusal("{% bad %}").startsWith("Cannot use the chat template given for " + folder + ": "));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"<|im_end|>\"}");
        assertTrue(refusal("tool").contains("has no named templates"));
    }

    private String rendered(Optional<String> given) {
        try (Tokenizer tokenizer = Tokenizer.open(folder, new TemplateChoice(given.orElse(null), null))) {
            return tokenizer.chatTemplate().orElseThrow().render(List.of(Message.of("user", "hi")), true);
        }
    }

    private String refusal(String given) {
        return assertThrows(RpoException.class, () -> Tokenizer.open(folder, new TemplateChoice(given, null)))
                .getMessage();
    }
}
