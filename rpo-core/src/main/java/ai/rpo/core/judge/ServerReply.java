package ai.rpo.core.judge;

import ai.rpo.core.RpoException.Kind;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Is what a server of the chat-completions protocol sent back.
 *
 * @param status of HTTP
 * @param headers by their names in lower case
 * @param body as text
 */
public record ServerReply(int status, Map<String, String> headers, String body) {

    /** Longer waits than this are left to whoever runs the job. */
    static final Duration LONGEST_WAIT = Duration.ofSeconds(120);

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_QUOTE = 300;
    private static final Pattern TITLE =
            Pattern.compile("<title[^>]*>\\s*(.*?)\\s*</title>", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    /** Says what follows from a reply. */
    public sealed interface Outcome {}

    /** The question has its answer, if only that it is filtered. */
    public record Answered(Answer answer) implements Outcome {}

    /**
     * Says that the same request may succeed later.
     *
     * @param why for people
     * @param after what the server asks to wait; empty where it does not say
     * @param fault what is wrong
     */
    public record Again(String why, Optional<Duration> after, Fault fault) implements Outcome {}

    /** Says why there is no answer yet. */
    public enum Fault {
        /** The server has too much to do. */
        CROWDED,
        /** The server or the way to it failed. */
        BROKEN,
        /** Says that what came is no answer of this protocol. */
        UNREADABLE
    }

    /**
     * The server will not answer this question, others perhaps.
     *
     * @param why for people
     * @param tooLong whether the question is longer than what it can read
     */
    public record Unanswerable(String why, boolean tooLong) implements Outcome {}

    /**
     * The server will answer no question until something else changes.
     *
     * @param kind of the failure
     * @param why no more than the reason
     * @param remedy what to do about it, as a sentence
     */
    public record Hopeless(Kind kind, String why, String remedy) implements Outcome {}

    /** Says what to make of it. */
    public Outcome outcome(Instant now) {
        if (status == 200) {
            return read();
        }
        if (isAbout("content_filter", "ResponsibleAIPolicyViolation")) {
            return new Answered(new Answer("", List.of(), Answer.Finish.CONTENT_FILTER, words(), "", 0, 0));
        }
        if (isAbout("insufficient_quota", "billing_hard_limit_reached") || status == 402) {
            return new Hopeless(
                    Kind.CONFIGURATION,
                    "the account has no credit left: " + said(),
                    "Add some, and run the" + " command again; it asks only what is not answered.");
        }
        String asked = headers.getOrDefault("x-should-retry", "");
        boolean usual = status == 408 || status == 409 || status == 429 || status >= 500;
        if (asked.equals("true") || usual && !asked.equals("false")) {
            return again(now);
        }
        return switch (status) {
            case 400, 413, 422 -> new Unanswerable(said(), isAboutLength());
            case 401, 403 ->
                new Hopeless(
                        Kind.CONFIGURATION,
                        said(),
                        "Check the key in the variable that rpo.judge.endpoint.key-env names.");
            case 404, 405 ->
                new Hopeless(
                        Kind.CONFIGURATION,
                        said(),
                        "Check rpo.judge.endpoint.url, which often ends in /v1, and rpo.judge.endpoint.model.");
            default ->
                status >= 300 && status < 400
                        ? new Hopeless(
                                Kind.CONFIGURATION,
                                "it sends requests on to " + headers.getOrDefault("location", "another address"),
                                "Give that address in rpo.judge.endpoint.url.")
                        : new Hopeless(Kind.OTHER, said(), "Check the server.");
        };
    }

    private Outcome read() {
        JsonNode response = json();
        Optional<Answer> answer = ChatCompletions.answer(response);
        if (answer.isPresent()) {
            return new Answered(answer.get());
        }
        if (response.isObject()) {
            return new Again(
                    response.has("error") ? "it answered with an error: " + words() : "its answer has no choices",
                    Optional.empty(),
                    response.has("error") ? Fault.BROKEN : Fault.UNREADABLE);
        }
        return new Again("it answered with " + words(), Optional.empty(), Fault.UNREADABLE);
    }

    private Outcome again(Instant now) {
        Optional<Duration> wait = retryAfter(now);
        if (wait.isPresent() && wait.get().compareTo(LONGEST_WAIT) > 0) {
            return new Hopeless(
                    Kind.RETRYABLE,
                    said() + ", and asks to wait " + wait.get().toSeconds() + " s",
                    "Run the command again then; it asks only what is not answered.");
        }
        return new Again(said(), wait, status == 429 || status == 503 ? Fault.CROWDED : Fault.BROKEN);
    }

    private Optional<Duration> retryAfter(Instant now) {
        try {
            if (headers.containsKey("retry-after-ms")) {
                return Optional.of(millis(Double.parseDouble(headers.get("retry-after-ms"))));
            }
            if (!headers.containsKey("retry-after")) {
                return Optional.empty();
            }
            String after = headers.get("retry-after").strip();
            if (Character.isDigit(after.charAt(0))) {
                return Optional.of(millis(1000 * Double.parseDouble(after)));
            }
            Duration wait = Duration.between(now, ZonedDateTime.parse(after, DateTimeFormatter.RFC_1123_DATE_TIME));
            return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
        } catch (NumberFormatException | DateTimeException | StringIndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private static Duration millis(double millis) {
        return Duration.ofMillis((long) Math.ceil(Math.max(0, Math.min(millis, 1e12))));
    }

    /** Tells whether the error calls itself by one of these names. */
    private boolean isAbout(String... names) {
        JsonNode error = json().path("error");
        for (String name : names) {
            if (error.path("code").asText().equals(name)
                    || error.path("type").asText().equals(name)
                    || error.path("innererror").path("code").asText().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private boolean isAboutLength() {
        String words = words().toLowerCase(Locale.ROOT);
        return status == 413
                || isAbout("context_length_exceeded")
                || words.contains("context") && (words.contains("length") || words.contains("size"))
                || words.contains("too long")
                || words.contains("maximum") && words.contains("tokens");
    }

    private String said() {
        return "it answered " + status + " (" + words() + ")";
    }

    /** The server's own words, or the beginning of whatever it sent. */
    private String words() {
        JsonNode response = json();
        JsonNode error = response.path("error");
        for (JsonNode words :
                List.of(error.path("message"), error, response.path("message"), response.path("detail"))) {
            if (words.isTextual() && !words.textValue().isBlank()) {
                return quoted(words.textValue());
            }
        }
        if (body.stripLeading().startsWith("<")) {
            Matcher title = TITLE.matcher(body);
            return title.find() ? "the web page \"" + quoted(title.group(1)) + "\"" : "a web page";
        }
        if (body.isBlank()) {
            return "nothing";
        }
        return response.isMissingNode() ? "what is no JSON: \"" + quoted(body) + "\"" : quoted(body);
    }

    private static String quoted(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= LONGEST_QUOTE ? line : line.substring(0, LONGEST_QUOTE) + "…";
    }

    private JsonNode json() {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }
}
