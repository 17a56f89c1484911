package ai.rpo.core.judge;

import ai.rpo.core.preference.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says what a judge is told, with places such as {@code {answer_a}} for what it is to judge.
 *
 * @param name by which protocols know it
 * @param system the system message; absent where there is none
 * @param user the user's message
 */
public record PromptTemplate(String name, Optional<String> system, String user) {

    private static final Pattern PLACE = Pattern.compile("\\{([a-z_]+[0-9]?)\\}");

    public PromptTemplate {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(user, "user");
    }

    boolean hasPlace(String place) {
        return user.contains("{" + place + "}");
    }

    /**
     * Puts texts in their places, all at once, so that a text which looks like a place stays as it is. Braces around
     * anything else are text.
     */
    List<Message> fill(Map<String, String> texts) {
        StringBuilder filled = new StringBuilder();
        Matcher place = PLACE.matcher(user);
        while (place.find()) {
            String text = texts.getOrDefault(place.group(1), place.group());
            place.appendReplacement(filled, Matcher.quoteReplacement(text));
        }
        place.appendTail(filled);
        List<Message> messages = new ArrayList<>();
        system.ifPresent(text -> messages.add(Message.of("system", text)));
        messages.add(Message.of("user", filled.toString()));
        return messages;
    }
}
