package ai.rpo.jobs.report;

import com.typesafe.config.Config;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Says in which settings runs differ.
 *
 * @param runs in the order in which they were named
 * @param keys those that are not the same in all of them, without seeds and places
 */
record Differences(List<RunArtifacts> runs, Set<String> keys) {

    private static final String ETA = "rpo.objective.eta";

    /** Keys that say where things lie, or that repeat a run by chance. */
    private static final Set<String> NOT_COMPARED =
            Set.of("rpo.output", "rpo.registry", "rpo.reference.cache", "rpo.train.seed", "rpo.overwrite");

    static Differences of(List<RunArtifacts> runs) {
        List<Map<String, String>> values =
                runs.stream().map(Differences::values).toList();
        Set<String> keys = new TreeSet<>();
        values.forEach(run -> keys.addAll(run.keySet()));
        keys.removeAll(NOT_COMPARED);
        keys.removeIf(key ->
                values.stream().map(run -> run.getOrDefault(key, "")).distinct().count() < 2);
        return new Differences(runs, keys);
    }

    private static Map<String, String> values(RunArtifacts run) {
        Config settings = run.settings();
        Map<String, String> values = new TreeMap<>();
        settings.entrySet().forEach(entry -> {
            if (entry.getKey().startsWith("rpo.")) {
                values.put(entry.getKey(), String.valueOf(entry.getValue().unwrapped()));
            }
        });
        return values;
    }

    /** Tells whether runs differ in η and nothing else, as in the paper's experiments. */
    boolean areOfEta() {
        return keys.equals(Set.of(ETA))
                && runs.stream().allMatch(run -> run.eta().isPresent());
    }

    /** Runs that differ in their seed alone go together. */
    List<Variant> variants() {
        if (areOfEta()) {
            return Variant.byEta(runs);
        }
        Map<String, List<RunArtifacts>> groups =
                runs.stream().collect(Collectors.groupingBy(this::name, LinkedHashMap::new, Collectors.toList()));
        return groups.entrySet().stream()
                .map(group -> new Variant(group.getKey(), OptionalDouble.empty(), group.getValue()))
                .toList();
    }

    private String name(RunArtifacts run) {
        Map<String, String> values = values(run);
        return keys.isEmpty() || values.isEmpty()
                ? run.name()
                : keys.stream()
                        .map(key -> key.substring("rpo.".length()) + " = " + values.getOrDefault(key, "not set"))
                        .collect(Collectors.joining(", "));
    }

    /** A line on what differs. */
    String describe() {
        return keys.isEmpty() ? "of the same settings" : "which differ in " + String.join(", ", keys);
    }
}
