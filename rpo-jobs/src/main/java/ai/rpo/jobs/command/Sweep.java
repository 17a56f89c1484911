package ai.rpo.jobs.command;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.store.RunDirectory;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;

/** A run for every combination of some keys' values, on one set of reference scores. */
final class Sweep {

    private final ConfigurationSources sources;
    private final RunningCommand running;
    private final Map<String, List<String>> axes;

    /**
     * @param sources of the configuration that the command runs with
     * @param axes values by key
     */
    Sweep(ConfigurationSources sources, RunningCommand running, Map<String, List<String>> axes) {
        this.sources = sources;
        this.running = running;
        this.axes = axes;
    }

    /**
     * Reads keys with their values.
     *
     * @throws RpoException where one is no key with a list
     */
    static Map<String, List<String>> parse(List<String> over) {
        Map<String, List<String>> axes = new LinkedHashMap<>();
        for (String each : over) {
            int equals = each.indexOf('=');
            String key = each.substring(0, Math.max(0, equals)).strip();
            try {
                List<String> values =
                        ConfigFactory.parseString("values = " + each.substring(equals + 1)).getList("values").stream()
                                .map(Sweep::text)
                                .distinct()
                                .toList();
                if (!key.startsWith("rpo.") || values.isEmpty() || axes.put(key, values) != null) {
                    throw new ConfigException.Generic("it is not a key of rpo's, once, with values");
                }
            } catch (ConfigException e) {
                throw RpoException.configuration("Cannot sweep over " + each + ": " + e.getMessage()
                        + ". Write --over 'rpo.objective.eta=[0, 0.005]'.");
            }
        }
        return axes;
    }

    private static String text(ConfigValue value) {
        return value.unwrapped() instanceof String text ? text : value.render(ConfigRenderOptions.concise());
    }

    void run() {
        List<Map<String, String>> points = points();
        List<RunDirectory> runs = points.stream()
                .map(point -> running.output().below("sweep/" + name(point)))
                .toList();
        List<ResolvedConfiguration> configurations = new ArrayList<>();
        for (int i = 0; i < points.size(); i++) { // all of them before any work
            configurations.add(running.within(sources, runs.get(i), definitions(points.get(i)), Job.PREFERENCE));
        }
        for (int i = 0; i < points.size(); i++) {
            running.say(
                    "run",
                    (i + 1) + " of " + runs.size() + ", " + runs.get(i).path().getName() + " → "
                            + runs.get(i).path());
            running.make(configurations.get(i), runs.get(i), Stages::report);
        }
        Path page = new ReportStage(running.spark().hadoop())
                .sideBySide(
                        runs.stream().map(RunDirectory::path).toList(),
                        running.output().path("compare"),
                        Progress.NONE)
                .page();
        running.say("compare", runs.size() + " runs → " + page);
    }

    /** Every combination, the last key's values changing first. */
    private List<Map<String, String>> points() {
        List<Map<String, String>> points = List.of(Map.of());
        for (Map.Entry<String, List<String>> axis : axes.entrySet()) {
            List<Map<String, String>> longer = new ArrayList<>();
            for (Map<String, String> point : points) {
                for (String value : axis.getValue()) {
                    Map<String, String> next = new LinkedHashMap<>(point);
                    next.put(axis.getKey(), value);
                    longer.add(next);
                }
            }
            points = longer;
        }
        return points;
    }

    private static List<String> definitions(Map<String, String> point) {
        return point.entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .toList();
    }

    /** Such as {@code eta-0.1_learning-rate-1e-6}. */
    private static String name(Map<String, String> point) {
        return point.entrySet().stream()
                .map(each -> each.getKey().substring(each.getKey().lastIndexOf('.') + 1) + "-"
                        + each.getValue().replaceAll("[^A-Za-z0-9.+-]+", "-"))
                .collect(Collectors.joining("_"));
    }
}
