package ai.rpo.jobs.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.commons.text.similarity.LevenshteinDistance;

/** The keys of {@code reference.conf}; whoever gives another has mistyped one of them. */
final class KnownKeys {

    private static final LevenshteinDistance EDITS = LevenshteinDistance.getDefaultInstance();

    /** A right name in a wrong section counts for as many edits. */
    private static final int OTHER_SECTION = 3;

    private final Map<String, ConfigValue> leaves;

    KnownKeys(Config defaults) {
        leaves = leaves(defaults.root().get("rpo"), "rpo");
    }

    /** Reports what is given under no known key, and values where a section belongs and the other way round. */
    void check(Config joined, Problems problems) {
        for (String root : joined.root().keySet()) {
            if (!root.equals("rpo") && !root.equals("spark") && !root.startsWith("spark.")) {
                problems.add(
                        root,
                        "is not read: keys begin with rpo. or spark."
                                + from(joined.root().get(root)));
            }
        }
        check(joined.root().get("rpo"), "rpo", problems);
    }

    private void check(ConfigValue value, String path, Problems problems) {
        boolean section = leaves.keySet().stream().anyMatch(key -> key.startsWith(path + "."));
        if (isOpen(path)) {
            if (!(value instanceof ConfigObject)) {
                problems.add(path, "must be a section of names and values, but is a value" + from(value));
            }
        } else if (leaves.containsKey(path)) {
            if (value.valueType() == ConfigValueType.OBJECT) {
                problems.add(path, "must be a value, but is a section" + from(value));
            }
        } else if (value instanceof ConfigObject object && (section || !object.isEmpty())) {
            object.forEach((key, child) -> check(child, path + "." + ConfigUtil.joinPath(key), problems));
        } else if (!section) {
            problems.add(path, "is unknown" + suggestion(path) + from(value));
        } else {
            problems.add(path, "must be a section with keys of its own, but is a value" + from(value));
        }
    }

    /** A section whose keys are names that users choose. */
    private boolean isOpen(String path) {
        return leaves.get(path) instanceof ConfigObject;
    }

    private String suggestion(String path) {
        return nearest(path).map(key -> "; did you mean " + key + "?").orElse("; no key is like it");
    }

    /** Finds the key with the fewest edits of the path, or of its last name in another section; empty if all are far off. */
    Optional<String> nearest(String path) {
        return leaves.keySet().stream()
                .min(Comparator.comparingInt((String key) -> edits(path, key))
                        .thenComparingInt(key -> EDITS.apply(path, key)))
                .filter(key ->
                        edits(path, key) <= OTHER_SECTION + lastName(path).length() / 4);
    }

    private static int edits(String path, String key) {
        return Math.min(EDITS.apply(path, key), OTHER_SECTION + EDITS.apply(lastName(path), lastName(key)));
    }

    private static String lastName(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /** Says where a value was written, in parentheses and after a space; nothing for a default. */
    static String from(ConfigValue value) {
        String origin = origin(value);
        return origin.isEmpty() ? "" : " (" + origin + ")";
    }

    static String origin(ConfigValue value) {
        boolean isDefault = value.origin().resource() != null
                || value.origin().description().startsWith(ObjectiveKeys.ORIGIN);
        return isDefault ? "" : value.origin().description();
    }

    /** Values by their full path; a list, null and a section with nothing in it are values too. */
    static Map<String, ConfigValue> leaves(ConfigValue value, String path) {
        Map<String, ConfigValue> found = new TreeMap<>();
        if (value instanceof ConfigObject object && !object.isEmpty()) {
            object.forEach((key, child) -> found.putAll(leaves(child, path + "." + ConfigUtil.joinPath(key))));
        } else {
            found.put(path, value);
        }
        return found;
    }
}
