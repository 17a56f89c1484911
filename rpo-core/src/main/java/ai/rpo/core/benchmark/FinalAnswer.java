package ai.rpo.core.benchmark;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Finds the number that an answer to a word problem comes to: the filters of GSM8K in lm-evaluation-harness. */
final class FinalAnswer {

    private static final String INVALID = "[invalid]";

    private static final Pattern AFTER_MARK = Pattern.compile("#### (-?[0-9.,]+)");
    private static final Pattern NUMBER = Pattern.compile("(-?[$0-9.,]{2,})|(-?[0-9]+)");

    /** Removed before numbers are compared, one after the other. */
    private static final List<Pattern> IGNORED = List.of(
            Pattern.compile(","), Pattern.compile("\\$"), Pattern.compile("(?s).*#### "), Pattern.compile("(?d)\\.$"));

    private FinalAnswer() {}

    /** The first number behind the mark {@code ####}. */
    static String strict(String response) {
        Matcher found = AFTER_MARK.matcher(response);
        return found.find() ? found.group(1) : INVALID;
    }

    /** The last number anywhere. */
    static String flexible(String response) {
        String last = INVALID;
        Matcher found = NUMBER.matcher(response);
        while (found.find()) {
            last = IntStream.rangeClosed(1, 2)
                    .mapToObj(found::group)
                    .filter(group -> group != null)
                    .findFirst()
                    .orElse(INVALID);
        }
        return last;
    }

    /** @param answer as the data have it, all its steps included */
    static boolean matches(String extracted, String answer) {
        return bare(extracted).equals(bare(answer));
    }

    private static String bare(String text) {
        String bare = text;
        for (Pattern ignored : IGNORED) {
            bare = ignored.matcher(bare).replaceAll("");
        }
        return bare.toLowerCase(Locale.ROOT);
    }
}
