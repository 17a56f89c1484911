package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The texts that judges are asked with: this project's own, or those of a file, either FastChat's
 * {@code judge_prompts.jsonl} or an AlpacaEval template, whose ChatML markers divide it into messages.
 */
public final class JudgePrompts {

    /** The name of the template that {@code alpaca-eval-2} uses. */
    static final String ALPACA_EVAL = "alpaca-eval-2";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern CHATML =
            Pattern.compile("<\\|im_start\\|>(system|user)\\s*\\n?(.*?)\\s*<\\|im_end\\|>", Pattern.DOTALL);

    private final String source;
    private final Map<String, PromptTemplate> templates;

    private JudgePrompts(String source, Map<String, PromptTemplate> templates) {
        this.source = source;
        this.templates = templates;
    }

    /** Those written for this project. */
    public static JudgePrompts builtIn() {
        try (InputStream in = JudgePrompts.class.getResourceAsStream("judge_prompts.jsonl")) {
            return parse("the built-in prompts", new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Those of a file.
     *
     * @param source what to call it in messages
     * @throws RpoException where the text is in neither layout
     */
    public static JudgePrompts parse(String source, String text) {
        Map<String, PromptTemplate> templates = new LinkedHashMap<>();
        if (text.contains("<|im_start|>")) {
            templates.put(ALPACA_EVAL, chatMl(source, text));
            return new JudgePrompts(source, templates);
        }
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            JsonNode row = row(source, number, line);
            if (!row.path("name").isTextual() || !row.path("prompt_template").isTextual()) {
                throw unreadable(source, "line " + number + " has no name and prompt_template");
            }
            String name = row.get("name").textValue();
            Optional<String> system =
                    Optional.ofNullable(row.path("system_prompt").textValue()).filter(given -> !given.isEmpty());
            templates.put(
                    name,
                    new PromptTemplate(name, system, row.get("prompt_template").textValue()));
        }
        return new JudgePrompts(source, templates);
    }

    private static JsonNode row(String source, int number, String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw unreadable(source, "line " + number + " is no JSON");
        }
    }

    private static PromptTemplate chatMl(String source, String text) {
        Optional<String> system = Optional.empty();
        List<String> user = new ArrayList<>();
        Matcher message = CHATML.matcher(text);
        while (message.find()) {
            if (message.group(1).equals("system")) {
                system = Optional.of(message.group(2));
            } else {
                user.add(message.group(2));
            }
        }
        if (user.size() != 1) {
            throw unreadable(source, "it has " + user.size() + " messages of a user between ChatML markers, not one");
        }
        return new PromptTemplate(ALPACA_EVAL, system, user.get(0));
    }

    private static RpoException unreadable(String source, String why) {
        return RpoException.configuration("Cannot use the prompts of " + source + ": " + why
                + ". Give FastChat's judge_prompts.jsonl or an AlpacaEval template.");
    }

    /**
     * @throws RpoException if it is not there, or lacks one of the places
     */
    PromptTemplate get(String name, String... places) {
        PromptTemplate template = templates.get(name);
        if (template == null) {
            throw RpoException.configuration("Cannot use the prompts of " + source + ": " + name
                    + " is not among them (" + String.join(", ", templates.keySet())
                    + "). Name a file that has it in rpo.judge.prompts, or leave that out.");
        }
        requirePlaces(source, template, places);
        return template;
    }

    /** @throws RpoException where a template lacks a place */
    static void requirePlaces(String source, PromptTemplate template, String... places) {
        for (String place : places) {
            if (!template.hasPlace(place)) {
                throw RpoException.configuration("Cannot ask a judge with the template " + template.name() + " of "
                        + source + ": it has no {" + place + "}. Write {" + place + "} where that text belongs.");
            }
        }
    }

    /** Hashes the templates' whole text. */
    static String sha256(List<PromptTemplate> templates) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (PromptTemplate template : templates) {
                for (String text : List.of(template.system().orElse(""), template.user())) {
                    sha.update(text.getBytes(StandardCharsets.UTF_8));
                    sha.update((byte) 0);
                }
            }
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
