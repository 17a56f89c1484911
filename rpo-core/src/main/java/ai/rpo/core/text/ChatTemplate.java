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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Writes a conversation as the one text that a model was trained to go on from. Safe for use by several threads. */
public final class ChatTemplate {

    private static final String FILE = "chat_template.jinja";
    /** The folder, in a model's, of templates that are asked for by their name. */
    public static final String MORE = "additional_chat_templates";

    private static final String SUFFIX = ".jinja";

    /** Says what turns of a conversation are called everywhere; templates write them even where they name none. */
    private static final Set<String> USUAL_ROLES = Set.of("system", "user", "assistant", "tool");

    /** Names under which the data have what a model thought. */
    private static final List<String> REASONING = List.of("reasoning_content", "thinking", "reasoning");

    private final String source;
    private final JinjaTemplate template;
    private final Map<String, String> specialTokens;
    private final boolean takesParts;

    private ChatTemplate(String source, JinjaTemplate template, Map<String, String> specialTokens) {
        this.source = source;
        this.template = template;
        this.specialTokens = Map.copyOf(specialTokens);
        this.takesParts = writesPartsAsText();
    }

    /** A template that was made for text prints a list as Python does, or fails on it. */
    private boolean writesPartsAsText() {
        try {
            return render(List.of(probe(List.of(Map.of("type", "text", "text", "a b")))), false)
                    .equals(render(List.of(probe("a b")), false));
        } catch (TemplateException e) {
            return false;
        }
    }

    private static Message probe(Object content) {
        return new Message(Map.of("role", "user", "content", content));
    }

    /** Tells whether a message's content may be a list of parts, and is written as the text that these make up. */
    boolean takesParts() {
        return takesParts;
    }

    /** Tells whether turns of this role are expected: the usual ones, and those that the template's source names. */
    boolean knowsRole(String role) {
        return USUAL_ROLES.contains(role) || source.contains("'" + role + "'") || source.contains("\"" + role + "\"");
    }

    /**
     * @param source Jinja, as in {@code chat_template}
     * @param specialTokens spellings by part, such as {@code bos_token}; the template sees them as variables
     * @throws TemplateException where the template is malformed or uses what is not supported
     */
    public static ChatTemplate of(String source, Map<String, String> specialTokens) {
        return of(source, specialTokens, Clock.systemDefaultZone());
    }

    /**
     * @param clock what the template takes the date from
     */
    static ChatTemplate of(String source, Map<String, String> specialTokens, Clock clock) {
        return new ChatTemplate(source, JinjaTemplate.parse(source, clock), specialTokens);
    }

    /** Tells whether what a template writes may depend on the day on which it does so. */
    public static boolean writesDate(String source) {
        return source.contains("strftime_now");
    }

    /** Tells whether a text can only be meant for a template, and not for the name of one. */
    public static boolean isSource(String text) {
        return text.contains("{{") || text.contains("{%");
    }

    /**
     * The template of a model folder: {@code chat_template.jinja}, or {@code chat_template} of tokenizer_config.json,
     * which may be a text or a list of named ones, of which {@code default} is taken.
     *
     * @param config tokenizer_config.json
     * @param choice may have what takes the place of the folder's: a template, or the name of another one: in that
     *     list, or of a file NAME.jinja in additional_chat_templates
     * @throws RpoException where there is one that cannot be used
     */
    static Optional<ChatTemplate> find(Path folder, ObjectNode config, TemplateChoice choice) {
        Optional<String> given = choice.given();
        Optional<String> source = given.map(text -> isSource(text) ? text : named(text, folder, config))
                .or(() -> source(folder, config));
        try {
            return source.map(text -> of(text, SpecialTokens.namedParts(config), choice.clock()));
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
        return render(messages, addGenerationPrompt, Map.of());
    }

    /**
     * Renders with variables that a row brings, such as {@code tools}.
     *
     * @throws TemplateException where the template refuses the conversation
     */
    public String render(List<Message> messages, boolean addGenerationPrompt, Map<String, Object> more) {
        Map<String, Object> variables = new HashMap<>(specialTokens);
        variables.put("tools", null);
        variables.put("documents", null);
        variables.putAll(more);
        variables.put("messages", messages.stream().map(ChatTemplate::fields).toList());
        variables.put("add_generation_prompt", addGenerationPrompt);
        return template.render(variables);
    }

    /** Gives what the model thought under the names that templates know it by, whichever the data have. */
    private static Map<String, Object> fields(Message message) {
        Optional<Object> reasoning = REASONING.stream()
                .map(name -> message.fields().get(name))
                .filter(Objects::nonNull)
                .findFirst();
        if (reasoning.isEmpty()) {
            return message.fields();
        }
        Map<String, Object> fields = new LinkedHashMap<>(message.fields());
        fields.putIfAbsent("thinking", reasoning.get());
        fields.put("reasoning_content", reasoning.get());
        return fields;
    }
}
