package ai.rpo.spark.api;

import ai.rpo.core.RpoException;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names settings to a program as its setters do, where messages name the keys of a configuration. */
final class SetterNames {

    private static final Pattern KEY = Pattern.compile("\\brpo\\.([a-z]+)\\.([a-z]+(?:[.-][a-z]+)*)");

    /** Says what the sections are called that a program sets too; other keys stay as they are. */
    private static final Map<String, String> SECTIONS =
            Map.of("data", "data.", "train", "training.", "lora", "lora.", "objective", "objective.", "model", "");

    private SetterNames() {}

    /** Does the work, and has what it throws name setters. */
    static <T> T in(Supplier<T> work) {
        try {
            return work.get();
        } catch (RpoException e) {
            throw new RpoException(e.kind(), of(e.getMessage()), e);
        }
    }

    /** Writes {@code data.maxLength} for {@code rpo.data.max-length}. */
    static String of(String message) {
        return KEY.matcher(message).replaceAll(key -> Matcher.quoteReplacement(name(key)));
    }

    private static String name(MatchResult key) {
        String section = SECTIONS.get(key.group(1));
        return section == null
                ? key.group()
                : section
                        + Pattern.compile("-([a-z])").matcher(key.group(2)).replaceAll(letter -> letter.group(1)
                                .toUpperCase(java.util.Locale.ROOT));
    }
}
