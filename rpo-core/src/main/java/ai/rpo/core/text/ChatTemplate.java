package ai.rpo.core.text;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.preference.Message;
import ai.rpo.core.text.jinja.JinjaTemplate;
import ai.rpo.core.text.jinja.TemplateException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Writes a conversation as the one text that a model was trained to go on from. Safe for use by several threads. */
public final class ChatTemplate {

    private static final String FILE = "chat_template.jinja";
    private static final String MORE = "additional_chat_templates";
    private static final String SUFFIX = ".jinja";

    private final JinjaTemplate template;
    private final Map<String, String> specialTokens;

    private ChatTemplate(JinjaTemplate template, Map<String, String> specialTokens) {
        this.template = template;
        this.specialTokens = Map.copyOf(specialTokens);
    }

    /**
     * @param source Jinja, as in {@code chat_template}
     * @param specialTokens spellings by part, such as {@code bos_token}; the template sees them as variables
     * @throws TemplateException where the template is malformed or uses what is not supported
     */
    public static ChatTemplate of(String source, Map<String, String> specialTokens) {
        return new ChatTemplate(JinjaTemplate.parse(source, Clock.systemDefaultZone()), specialTokens);
    }

    /** Whether a text can only be meant for a template, and not for the name of one. */
    public static boolean isSource(String text) {
        return text.contains("{{") || text.contains("{%");
    }

    /**
     * The template of a model folder: {@code chat_template.jinja}, or {@code chat_template} of tokenizer_config.json,
     * which may be a text or a list of named ones, of which {@code default} is taken.
     *
     * @param config tokenizer_config.json
     * @param given what takes the place of the folder's: a template, or the name of another one: in that list, or of a file NAME.jinja
     *     in additional_chat_templates
     * @throws RpoException where there is one that cannot be used
     */
    static Optional<ChatTemplate> find(Path folder, ObjectNode config, Optional<String> given) {
        Optional<String> source = given.map(text -> isSource(text) ? text : named(text, folder, config))
                .or(() -> source(folder, config));
        try {
            return source.map(text -> of(text, SpecialTokens.namedParts(config)));
        } catch (TemplateException e) {
            throw new RpoException(
                    Kind.CONFIGURATION,
                    "Cannot use the chat template "
                            + given.map(text -> "given for " + folder).orElse("of " + folder) + ": " + e.getMessage()
                            + ". Put a template that can be used into "
                            + given.map(text -> "rpo.model.chat-template").orElse(FILE) + ".",
                    e);
        }
    }

    private static String named(String name, Path folder, ObjectNode config) {
        Set<String> names = new TreeSet<>();
        for (Path file : filesIn(folder.resolve(MORE))) {
            String fileName = file.getFileName().toString();
            names.add(fileName.substring(0, fileName.length() - SUFFIX.length()));
            if (fileName.equals(name + SUFFIX)) {
                return read(file);
            }
        }
        for (JsonNode template : config.path("chat_template")) {
            names.add(template.path("name").asText());
            if (name.equals(template.path("name").asText())) {
                return template.path("template").asText();
            }
        }
        throw RpoException.configuration(
                "Cannot use the chat template " + name + ": it is neither a file, nor Jinja, nor "
                        + (names.isEmpty()
                                ? "a name, since " + folder + " has no named templates"
                                : "one of the names that " + folder + " has: " + String.join(", ", names))
                        + ". Correct rpo.model.chat-template.");
    }

    private static Optional<String> source(Path folder, ObjectNode config) {
        Path file = folder.resolve(FILE);
        if (Files.isRegularFile(file)) {
            return Optional.of(read(file));
        }
        JsonNode inConfig = config.path("chat_template");
        if (inConfig.isTextual()) {
            return Optional.of(inConfig.textValue());
        }
        for (JsonNode named : inConfig) {
            if (named.path("name").asText().equals("default")) {
                return Optional.of(named.path("template").asText());
            }
        }
        return Optional.empty();
    }

    private static List<Path> filesIn(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(SUFFIX) && Files.isRegularFile(file))
                    .toList();
        } catch (IOException e) {
            throw unreadable(folder, e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static RpoException unreadable(Path path, IOException e) {
        return new RpoException(
                Kind.CONFIGURATION, "Cannot read " + path + ": " + e + ". Copy the model folder again.", e);
    }

    /**
     * @param addGenerationPrompt whether the text ends where the assistant's answer begins
     * @throws TemplateException where the template refuses the conversation
     */
    public String render(List<Message> messages, boolean addGenerationPrompt) {
        Map<String, Object> variables = new HashMap<>(specialTokens);
        variables.put("messages", messages.stream().map(Message::fields).toList());
        variables.put("add_generation_prompt", addGenerationPrompt);
        variables.put("tools", null);
        variables.put("documents", null);
        return template.render(variables);
    }
}
