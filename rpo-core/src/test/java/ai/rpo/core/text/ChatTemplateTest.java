package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.preference.Message;
import ai.rpo.core.text.jinja.TemplateException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Templates of real models, byte for byte. */
@Tag("shared")
class ChatTemplateTest {

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);

    @TestFactory
    Stream<DynamicTest> rendersAsTransformersDoes() throws IOException {
        JsonNode golden = JSON.readTree(Path.of(System.getProperty("rpo.shared"), "golden/chat_templates.json")
                .toFile());
        Map<String, String> tokens = Map.of(
                "bos_token", golden.get("bos_token").asText(),
                "eos_token", golden.get("eos_token").asText());
        return StreamSupport.stream(golden.get("cases").spliterator(), false)
                .map(row -> DynamicTest.dynamicTest(
                        row.get("template").asText() + " "
                                + row.get("conversation").asText(),
                        () -> check(golden, row, tokens)));
    }

    private static void check(JsonNode golden, JsonNode row, Map<String, String> tokens) {
        String source =
                golden.get("templates").get(row.get("template").asText()).asText();
        ChatTemplate template = ChatTemplate.of(source, tokens);
        List<Message> messages =
                JSON.convertValue(row.get("messages"), new TypeReference<List<Map<String, Object>>>() {}).stream()
                        .map(Message::new)
                        .toList();
        if (row.has("error")) {
            String message = assertThrows(TemplateException.class, () -> template.render(messages, false))
                    .getMessage();
            assertTrue(message.contains(row.get("error").asText()), message);
            return;
        }
        assertEquals(row.get("full").asText(), template.render(messages, false));
        assertEquals(row.get("prompt").asText(), template.render(messages.subList(0, messages.size() - 1), true));
    }
}
