package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.benchmark.BenchmarkTask;
import ai.rpo.core.benchmark.TaskScore;
import ai.rpo.jobs.report.BenchmarkScores;
import ai.rpo.spark.benchmark.BenchmarkSettings;
import ai.rpo.spark.benchmark.BenchmarkStage;
import ai.rpo.spark.benchmark.TaskFiles;
import ai.rpo.spark.store.Fingerprint;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Measures what the model knows, by tasks that others have set. */
final class Benchmark implements Stage {

    private final Workplace place;
    private final String name;
    private final String folder;
    private final Optional<Stage> train;
    private Map<BenchmarkTask, TaskFiles> files;

    private Benchmark(Workplace place, String name, String folder, Optional<Stage> train) {
        this.place = place;
        this.name = name;
        this.folder = folder;
        this.train = train;
    }

    /** Benchmarks the model that is configured. */
    static Benchmark configured(Workplace place) {
        return new Benchmark(place, "benchmark", "benchmark", Optional.empty());
    }

    /** Benchmarks the model that a run starts from. */
    static Benchmark before(Workplace place) {
        return new Benchmark(place, "benchmark-before", "benchmarks/before", Optional.empty());
    }

    /** Benchmarks the model that a run has trained. */
    static Benchmark after(Workplace place, Stage train) {
        return new Benchmark(place, "benchmark-after", "benchmarks/after", Optional.of(train));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public String product() {
        return folder + "/results.json";
    }

    @Override
    public List<Stage> requires() {
        return train.stream().toList();
    }

    private String model() {
        return train.map(stage -> place.run().path(stage.product()).toString()).orElse(place.model());
    }

    @Override
    public Map<String, String> dependsOn() {
        BenchmarkSettings settings = place.settings().benchmark();
        Map<String, String> values = new LinkedHashMap<>();
        settings.chosen().forEach(task -> {
            values.put(
                    task.key() + " of rpo.benchmark.data",
                    place.inputs().data(files().get(task).all()));
            values.put(
                    "rpo.benchmark.shots." + task.key(),
                    String.valueOf(settings.shots().of(task)));
        });
        for (String key : List.of("tasks", "limit", "chat-template")) {
            String full = "rpo.benchmark." + key;
            values.put(full, place.configuration().valuesUnder("rpo.benchmark").get(full));
        }
        if (train.isEmpty()) {
            values.put("rpo.model.path", place.inputs().weights(place.model()));
        }
        values.put("tokenizer of rpo.model.path", place.inputs().tokenizer(place.model()));
        if (settings.chatTemplate()) {
            values.putAll(place.template().dependsOn());
        }
        values.put("rpo.precision", place.settings().precision().key());
        return values;
    }

    /** Looked for once the folder is asked for, which is before any work. */
    private Map<BenchmarkTask, TaskFiles> files() {
        if (files == null) {
            BenchmarkSettings settings = place.settings().benchmark();
            files = new EnumMap<>(BenchmarkTask.class);
            for (BenchmarkTask task : settings.chosen()) {
                files.put(
                        task,
                        TaskFiles.of(
                                task,
                                settings.shots().of(task),
                                settings.data().orElseThrow(),
                                place.spark().hadoop()));
            }
        }
        return files;
    }

    @Override
    public boolean resumes() {
        return true;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        place.spark().startAhead();
        if (place.settings().benchmark().chatTemplate()) {
            place.keepDate(place.template().choice());
        }
        Map<BenchmarkTask, TaskScore> scores = new BenchmarkStage(
                        place.spark()::session,
                        place.spark().hadoop(),
                        place.open(model()),
                        place.template().choice(),
                        place.scoring(),
                        place.settings().benchmark())
                .run(place.run().path(folder()), files(), fingerprint.digest(), progress);
        files().values().forEach(ours -> place.inputs().requireUnchanged(ours.all()));
        if (train.isEmpty()) {
            place.inputs().requireUnchanged(place.model());
        }
        place.run().file(product()).write(Json.text(results(scores)));
        return Map.of(
                "questions", scores.values().stream().mapToLong(TaskScore::n).sum());
    }

    @Override
    public List<String> summary() {
        return BenchmarkScores.read(place.run().file(product()).read().orElseThrow()).stream()
                .map(score -> "  " + score)
                .toList();
    }

    /** Each task with its rows, its shots, and each metric beside its standard error. */
    private static Map<String, Object> results(Map<BenchmarkTask, TaskScore> scores) {
        Map<String, Object> results = new LinkedHashMap<>();
        scores.forEach((task, score) -> {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("n", score.n());
            values.put("shots", score.shots());
            score.metrics().forEach((metric, mean) -> {
                values.put(metric, mean.value());
                values.put(
                        metric + "_stderr",
                        mean.stderr().isPresent() ? mean.stderr().getAsDouble() : null);
            });
            results.put(task.key(), values);
        });
        return results;
    }

    @Override
    public void cleanUp() {
        place.run().artifact(folder() + "/" + BenchmarkStage.SHARDS).remove();
        place.redrawReport();
    }
}
