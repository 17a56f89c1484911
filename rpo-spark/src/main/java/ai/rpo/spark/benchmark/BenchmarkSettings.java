package ai.rpo.spark.benchmark;

import ai.rpo.core.benchmark.BenchmarkTask;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * The keys of {@code rpo.benchmark}.
 *
 * @param tasks names of {@link BenchmarkTask}s
 * @param data folder of the tasks' files
 * @param limit takes the first questions alone
 * @param shots examples in each prompt
 * @param chatTemplate whether questions are turns of a conversation, as the model's chat template writes it
 * @param allowCodeExecution whether programs that the model wrote may be run
 */
public record BenchmarkSettings(
        List<String> tasks,
        Optional<String> data,
        OptionalInt limit,
        ShotSettings shots,
        boolean chatTemplate,
        boolean allowCodeExecution)
        implements Serializable {

    public BenchmarkSettings {
        tasks = List.copyOf(tasks);
        List<String> problems = new ArrayList<>();
        tasks.stream()
                .filter(task -> BenchmarkTask.named(task).isEmpty())
                .forEach(task -> problems.add("tasks must name tasks that there are, but has " + task
                        + "; did you mean " + nearest(task) + "?"));
        if (new HashSet<>(tasks).size() < tasks.size()) {
            problems.add("tasks must have each task once, but is " + String.join(", ", tasks));
        }
        if (limit.isPresent() && limit.getAsInt() < 1) {
            problems.add("limit must be at least 1, but is " + limit.getAsInt());
        }
        String programs = tasks.stream()
                .filter(task -> BenchmarkTask.named(task)
                        .filter(BenchmarkTask::runsPrograms)
                        .isPresent())
                .collect(Collectors.joining(" and "));
        if (!programs.isEmpty() && !allowCodeExecution) {
            problems.add("allow-code-execution must be true for " + programs
                    + ", whose answers are programs that are run, but is false");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    private static String nearest(String given) {
        return Arrays.stream(BenchmarkTask.values())
                .map(BenchmarkTask::key)
                .min(Comparator.comparingInt(
                        key -> LevenshteinDistance.getDefaultInstance().apply(given, key)))
                .orElseThrow();
    }

    /** The tasks in their order. */
    public List<BenchmarkTask> chosen() {
        return tasks.stream()
                .map(task -> BenchmarkTask.named(task).orElseThrow())
                .toList();
    }
}
