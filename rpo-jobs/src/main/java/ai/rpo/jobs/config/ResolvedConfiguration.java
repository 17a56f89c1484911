package ai.rpo.jobs.config;

import ai.rpo.core.CostOnly;
import ai.rpo.core.RpoException;
import ai.rpo.core.objective.Objective;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** All that was configured: what the stages take, what Spark takes, and how to write it down. */
public final class ResolvedConfiguration {

    private final Config joined;
    private final Settings settings;
    private final KeysRead read;
    private final Map<String, String> spark;

    private ResolvedConfiguration(Config joined, Settings settings, KeysRead read, Map<String, String> spark) {
        this.joined = joined;
        this.settings = settings;
        this.read = read;
        this.spark = spark;
    }

    /**
     * @param required keys that have no default and that this command cannot do without
     * @throws RpoException naming everything that is wrong
     */
    public static ResolvedConfiguration load(ConfigurationSources sources, List<String> required) {
        return load(sources, required, required);
    }

    /**
     * Loads for commands that take preference pairs and supervised rows alike.
     *
     * @param requiredOfSupervised the required keys where {@link #namesSupervisedRowsOnly}
     * @throws RpoException naming everything that is wrong
     */
    public static ResolvedConfiguration load(
            ConfigurationSources sources, List<String> required, List<String> requiredOfSupervised) {
        return of(sources.join(), required, requiredOfSupervised);
    }

    private static ResolvedConfiguration of(Config joined, List<String> required, List<String> requiredOfSupervised) {
        Config defaults = ConfigurationSources.defaults();
        Problems problems = new Problems();
        new KnownKeys(defaults).check(joined, problems);
        KeysRead read = new KeysRead();
        Settings settings = new Section("rpo", joined, defaults, problems, read).record(Settings.class);
        Map<String, String> values = read.values();
        for (String key : namesSupervisedRowsOnly(values) ? requiredOfSupervised : required) {
            if (values.get(key).isEmpty()) {
                problems.add(key, "has no value; give it in a file, or as -D " + key + "=…");
            }
        }
        problems.throwIfAny();
        return new ResolvedConfiguration(joined, settings, read, sparkKeys(joined));
    }

    /** Puts other paths in place of those that rows are read from. */
    public ResolvedConfiguration withRows(UnaryOperator<String> change) {
        return of(RowPaths.map(joined, change), List.of(), List.of());
    }

    public Settings settings() {
        return settings;
    }

    /**
     * Reads the objective out of a configuration that was written down.
     *
     * @return empty if it names none, or one that is not on the class path or has other keys
     */
    public static Optional<Objective> objectiveOf(Config written) {
        if (!written.hasPath("rpo.objective")) {
            return Optional.empty();
        }
        Config defaults = ConfigurationSources.defaults();
        Problems problems = new Problems();
        Section section =
                new Section("rpo.objective", written.withFallback(defaults), defaults, problems, new KeysRead());
        Objective objective = section.objective();
        return problems.isEmpty() ? Optional.of(objective) : Optional.empty();
    }

    /** Tells whether there are supervised rows and no preference pairs, so that nothing else can be meant. */
    public boolean namesSupervisedRowsOnly() {
        return namesSupervisedRowsOnly(read.values());
    }

    private static boolean namesSupervisedRowsOnly(Map<String, String> values) {
        return values.get("rpo.data.train").isEmpty()
                && !values.get("rpo.sft.data").isEmpty();
    }

    /** The keys under {@code spark.}, as Spark takes them. */
    public Map<String, String> spark() {
        return spark;
    }

    /**
     * Keys and values, each value in one spelling, however it was written.
     *
     * @param section such as {@code rpo.train}
     */
    public Map<String, String> valuesUnder(String section) {
        Map<String, String> found = new LinkedHashMap<>();
        read.values().forEach((key, value) -> {
            if (key.startsWith(section + ".")) {
                found.put(key, value);
            }
        });
        return found;
    }

    /**
     * Gives the keys and values that may change what is in a result: {@link #valuesUnder} without those of
     * {@link CostOnly}.
     */
    public Map<String, String> effectsUnder(String section) {
        Map<String, String> found = valuesUnder(section);
        found.keySet().removeAll(read.costOnly());
        return found;
    }

    /**
     * Gives keys under {@code rpo} that have a value, without names and passwords in addresses, for those who track
     * runs.
     */
    public Map<String, String> params() {
        return ResolvedText.withoutCredentials(read.values());
    }

    /** The text of {@code resolved.conf}: every key, with where it was set; a file for {@code --config} again. */
    public String text() {
        return ResolvedText.of(joined, read.values().keySet(), spark);
    }

    private static Map<String, String> sparkKeys(Config joined) {
        Map<String, String> keys = new TreeMap<>();
        joined.root().forEach((root, value) -> {
            if (root.equals("spark")) {
                KnownKeys.leaves(value, root).forEach((key, leaf) -> keys.put(key.replace("\"", ""), sparkValue(leaf)));
            }
        });
        joined.root().forEach((root, value) -> {
            if (root.startsWith("spark.")) {
                keys.put(root, sparkValue(value));
            }
        });
        keys.values().removeIf(String::isEmpty);
        return keys;
    }

    private static String sparkValue(ConfigValue value) {
        if (value instanceof ConfigList list) {
            return list.stream().map(ResolvedConfiguration::sparkValue).collect(Collectors.joining(","));
        }
        return value.unwrapped() == null ? "" : value.unwrapped().toString();
    }
}
