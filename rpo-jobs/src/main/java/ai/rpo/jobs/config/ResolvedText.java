package ai.rpo.jobs.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Writes a configuration down, one key a line, so that two runs can be compared with {@code diff}. */
final class ResolvedText {

    /** Matches what Spark takes for a secret ({@code spark.redaction.regex}), and the names that object stores give. */
    private static final Pattern SECRET = Pattern.compile(
            "secret|password|passphrase|token|signature|(access|account|private|encryption)[.-]?key|api[.-]?key"
                    + "|[.]sas[.]|[.]credentials?$",
            Pattern.CASE_INSENSITIVE);

    private static final Pattern CREDENTIALS_IN_URI = Pattern.compile("(\\w+://)[^/@\\s\"]+@");

    private static final String REDACTED = "(redacted)";

    private ResolvedText() {}

    /** @param read the keys that count; those of another objective do not */
    static String of(Config joined, Set<String> read, Map<String, String> spark) {
        StringBuilder text =
                new StringBuilder("# Every setting of this run, and where it was set unless it is the default.\n");
        Map<String, ConfigValue> leaves = KnownKeys.leaves(joined.root().get("rpo"), "rpo");
        leaves.keySet().retainAll(read);
        leaves.forEach((key, value) -> {
            String rendered = value.render(ConfigRenderOptions.concise());
            String origin = KnownKeys.origin(value);
            text.append(key).append(" = ").append(withoutCredentials(rendered));
            text.append(origin.isEmpty() ? "" : "  # " + origin).append('\n');
        });
        spark.forEach((key, value) -> text.append(ConfigUtil.quoteString(key))
                .append(" = ")
                .append(ConfigUtil.quoteString(isSecret(key, value) ? REDACTED : withoutCredentials(value)))
                .append('\n'));
        return text.toString();
    }

    private static boolean isSecret(String key, String value) {
        return SECRET.matcher(key).find() || SECRET.matcher(value).find();
    }

    /** The values that are not empty, without names and passwords in addresses. */
    static Map<String, String> withoutCredentials(Map<String, String> values) {
        Map<String, String> shown = new TreeMap<>();
        values.forEach((key, value) -> {
            if (!value.isEmpty()) {
                shown.put(key, withoutCredentials(value));
            }
        });
        return shown;
    }

    private static String withoutCredentials(String value) {
        return CREDENTIALS_IN_URI.matcher(value).replaceAll("$1" + REDACTED + "@");
    }
}
