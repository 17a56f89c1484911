package ai.rpo.core.model;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PEFT's {@code rank_pattern} and {@code alpha_pattern}: numbers of those modules whose names end as an expression says. */
final class LoraPatterns {

    private static final Pattern LAYER = Pattern.compile(".*?\\.(\\d+)\\..*");

    private LoraPatterns() {}

    /**
     * The number of each module that one of the expressions fits, from a dot on or whole; the first counts.
     *
     * @throws java.util.regex.PatternSyntaxException if a key is no regular expression
     */
    static <N> Map<String, N> apply(Map<String, N> patterns, Set<String> modules) {
        Map<String, N> numbers = new TreeMap<>();
        for (String module : modules) {
            for (Map.Entry<String, N> pattern : patterns.entrySet()) {
                if (matches(pattern.getKey(), module)) {
                    numbers.put(module, pattern.getValue());
                    break;
                }
            }
        }
        return numbers;
    }

    private static boolean matches(String key, String module) {
        return Pattern.compile("(.*\\.)?(" + key + ")$").matcher(module).lookingAt();
    }

    /** The layer that a module is in; -1 if in none. */
    static int layer(String module) {
        Matcher matcher = LAYER.matcher(module);
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
    }
}
