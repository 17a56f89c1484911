package ai.rpo.jobs.config;

import ai.rpo.core.CostOnly;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.spark.benchmark.ShotSettings;
import ai.rpo.spark.generate.GenerateSettings;
import ai.rpo.spark.reward.RewardSettings;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The keys under one path, read as settings records: the component {@code pairsPerBatch} is the key
 * {@code pairs-per-batch}. What cannot be read is reported, and read as its default meanwhile, so that reading goes on
 * to the next problem.
 */
final class Section {

    /** Keys that are not called as their component is; a record under the empty name has its keys in this section. */
    private static final Map<Class<?>, Map<String, String>> RENAMED = Map.of(
            Settings.class, Map.of("tables", ""),
            OutputTables.class,
                    Map.of(
                            "score", "score.table",
                            "generate", "generate.table",
                            "rate", "rate.table",
                            "judge", "judge.table"),
            RpoObjective.class, Map.of("reduction", "regularizer.reduction", "weight", "regularizer.weight"),
            Settings.SftSettings.class, Map.of("training", ""),
            RewardSettings.class, Map.of("training", ""),
            GenerateSettings.class, Map.of("sampling", ""),
            ShotSettings.class,
                    Map.of(
                            "arcEasy", "arc_easy",
                            "arcChallenge", "arc_challenge",
                            "truthfulqaMc1", "truthfulqa_mc1",
                            "truthfulqaMc2", "truthfulqa_mc2"),
            JudgingSettings.class, Map.of("asking", ""));

    private final String path;
    private final Config joined;
    private final Config defaults;
    private final Problems problems;
    private final KeysRead read;

    /**
     * @param path such as {@code rpo.train}
     * @param joined all sources
     * @param defaults {@code reference.conf} alone
     * @param read receives every key read
     */
    Section(String path, Config joined, Config defaults, Problems problems, KeysRead read) {
        this.path = path;
        this.joined = joined;
        this.defaults = defaults;
        this.problems = problems;
        this.read = read;
    }

    /**
     * A record whose components are keys of this section, or sections of it.
     *
     * @return null if the record refused its values, which is then reported
     */
    <R extends Record> R record(Class<R> type) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            String key = key(type, components[i]);
            values[i] = value(key, components[i].getGenericType());
            if (components[i].isAnnotationPresent(CostOnly.class)) {
                read.costOnly().add(path + "." + key);
            }
        }
        try {
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            Constructor<R> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true); // a user's record may be of any access
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof IllegalArgumentException refused)) {
                throw new IllegalStateException("cannot make " + type, e.getCause());
            }
            refused.getMessage().lines().forEach(this::reportRefusal);
            return null;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot make " + type, e);
        }
    }

    /** Records say "key must …, but is VALUE". */
    private void reportRefusal(String line) {
        int space = line.indexOf(' ');
        String key = path + "." + line.substring(0, space);
        problems.add(
                key, line.substring(space + 1) + (joined.hasPath(key) ? KnownKeys.from(joined.getValue(key)) : ""));
    }

    private Object value(String key, Type type) {
        String full = key.isEmpty() ? path : path + "." + key;
        if (type instanceof Class<?> record && record.isRecord()) {
            return new Section(full, joined, defaults, problems, read).record(record.asSubclass(Record.class));
        }
        if (type == Objective.class) {
            return new Section(full, joined, defaults, problems, read).objective();
        }
        Object value;
        try {
            value = Values.read(joined, full, type);
        } catch (Values.Unreadable e) {
            problems.add(full, e.getMessage());
            value = Values.read(defaults, full, type);
        } catch (ConfigException e) {
            // Where a section stands for a value or the other way round; KnownKeys has reported it.
            value = Values.read(defaults, full, type);
        }
        read.values().put(full, Values.spelled(value));
        return value;
    }

    /** The objective that is named under {@code name}, with the values of its own keys; others may not be given. */
    Objective objective() {
        String name = (String) value("name", String.class);
        List<Objective> known = ObjectiveKeys.objectives();
        Objective named = known.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElse(null);
        if (named == null) {
            problems.add(
                    path + ".name",
                    "must be one of " + known.stream().map(Objective::name).collect(Collectors.joining(", "))
                            + ", but is \"" + name + "\"" + KnownKeys.from(joined.getValue(path + ".name")));
            return null;
        }
        List<String> own = ObjectiveKeys.of(named);
        KnownKeys.leaves(defaults.getObject(path), path).keySet().forEach(key -> {
            String below = key.substring(path.length() + 1);
            if (!below.equals("name") && !own.contains(below) && isGiven(key)) {
                problems.add(
                        key,
                        "is no key of the objective " + name + ", which has "
                                + (own.isEmpty() ? "none" : String.join(", ", own))
                                + KnownKeys.from(joined.getValue(key)));
            }
        });
        return (Objective) record(named.getClass().asSubclass(Record.class));
    }

    private boolean isGiven(String key) {
        try {
            return joined.hasPath(key) && !KnownKeys.from(joined.getValue(key)).isEmpty();
        } catch (ConfigException e) {
            return false; // a value where a section belongs; KnownKeys has reported it
        }
    }

    /** The key of a component, below the section of its record. */
    static String key(Class<?> type, RecordComponent component) {
        return RENAMED.getOrDefault(type, Map.of()).getOrDefault(component.getName(), kebab(component.getName()));
    }

    private static String kebab(String component) {
        return component.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }
}
