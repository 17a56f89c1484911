package ai.rpo.jobs.report;

import ai.rpo.core.RpoException;
import ai.rpo.core.objective.Objective;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.spark.gauge.GaugePoints;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Gathers what a run directory holds that a report can show. A run may have stopped anywhere: whatever is not there is
 * empty.
 *
 * @param directory the run directory
 * @param training one row for each optimizer step
 * @param evaluation names and estimates of {@code eval/metrics.json}
 * @param benchmarks scores of {@code benchmark/results.json}
 * @param reports {@code report.json} of the stages that wrote one, by artifact
 * @param manifests {@code manifest.json} by artifact
 * @param judged what a judge found
 * @param gauged what {@code gauge/points.jsonl} says
 * @param gates verdicts of {@code gates/…/results.json}
 * @param gold {@code gold.json}, which only runs with a programmed grader have
 * @param configuration text of {@code resolved.conf}, secrets redacted by whoever wrote it
 * @param status {@code status.json}
 */
record RunArtifacts(
        Path directory,
        TrainingLog training,
        Map<String, Estimate> evaluation,
        List<BenchmarkScores.Score> benchmarks,
        Map<String, JsonNode> reports,
        Map<String, JsonNode> manifests,
        Optional<GoldRecord> gold,
        Optional<JudgeArtifacts> judged,
        Optional<GaugePoints> gauged,
        List<GateVerdict> gates,
        Optional<String> configuration,
        Optional<JsonNode> status) {

    static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private static final List<String> GATES = List.of("gates/data/results.json", "gates/model/results.json");

    private static final List<String> ARTIFACTS = List.of(
            "data",
            "data/train",
            "data/eval",
            "reference",
            "reference/train",
            "reference/eval",
            "sft/data",
            "sft/reference",
            "sft",
            "train",
            "model",
            "gauge",
            "eval");

    /** Says what came of a gate, in words. */
    record GateVerdict(boolean passed, String text) {}

    private static Stream<GateVerdict> verdicts(JsonNode results) {
        return StreamSupport.stream(results.path("gates").spliterator(), false)
                .map(gate -> new GateVerdict(
                        gate.path("passed").asBoolean(), gate.path("text").asText()));
    }

    /**
     * @param runDirectory on any Hadoop file system
     * @throws RpoException where it holds nothing that could be reported, or a file in it is damaged
     */
    static RunArtifacts read(Path runDirectory, Configuration hadoop) {
        Path directory = new Path(runDirectory.toString()); // a URI may end in a slash, and then has no name
        Map<String, JsonNode> reports = new LinkedHashMap<>();
        Map<String, JsonNode> manifests = new LinkedHashMap<>();
        for (String artifact : ARTIFACTS) {
            json(new Path(directory, artifact + "/report.json"), hadoop).ifPresent(json -> reports.put(artifact, json));
            json(new Path(directory, artifact + "/manifest.json"), hadoop)
                    .ifPresent(json -> manifests.put(artifact, json));
        }
        RunArtifacts run = new RunArtifacts(
                directory,
                trainingLog(directory, hadoop),
                json(new Path(directory, "eval/metrics.json"), hadoop)
                        .map(RunArtifacts::estimates)
                        .orElse(Map.of()),
                json(new Path(directory, BenchmarkScores.FILE), hadoop)
                        .map(BenchmarkScores::of)
                        .orElse(List.of()),
                reports,
                manifests,
                json(new Path(directory, GoldRecord.FILE), hadoop).map(GoldRecord::parse),
                JudgeArtifacts.read(directory, hadoop),
                gauged(directory, hadoop),
                GATES.stream()
                        .flatMap(file -> json(new Path(directory, file), hadoop).stream())
                        .flatMap(RunArtifacts::verdicts)
                        .toList(),
                text(new Path(directory, "resolved.conf"), hadoop),
                json(new Path(directory, "status.json"), hadoop));
        if (run.isEmpty()) {
            throw RpoException.configuration(String.format(
                    Locale.ROOT,
                    "Cannot report on %s: it holds neither train/metrics.jsonl nor eval/metrics.json nor a stage's report.json. Name the output folder of a run (rpo.output).",
                    directory));
        }
        return run;
    }

    private boolean isEmpty() {
        return training.isEmpty()
                && evaluation.isEmpty()
                && benchmarks.isEmpty()
                && judged.isEmpty()
                && reports.isEmpty();
    }

    private static Optional<GaugePoints> gauged(Path directory, Configuration hadoop) {
        Path points = new Path(directory, "gauge/points.jsonl");
        try {
            return text(points, hadoop)
                    .flatMap(lines ->
                            GaugePoints.parse(lines, text(new Path(directory, "gauge/reference.json"), hadoop)));
        } catch (IllegalArgumentException e) {
            throw new RpoException(
                    RpoException.Kind.DATA,
                    "Cannot report on " + points + ": it is damaged, " + e.getMessage()
                            + ". Run the command gauge again with rpo.overwrite = true.",
                    e);
        }
    }

    String name() {
        return directory.getName();
    }

    /** {@code resolved.conf} as settings; empty where it is missing or was damaged. */
    Config settings() {
        try {
            return configuration.map(ConfigFactory::parseString).orElse(ConfigFactory.empty());
        } catch (ConfigException e) {
            return ConfigFactory.empty();
        }
    }

    /** The objective of preference training, as {@code resolved.conf} has it; empty where that cannot be read. */
    Optional<Objective> objective() {
        return ResolvedConfiguration.objectiveOf(settings());
    }

    /** η, of runs that trained with RPO. */
    Optional<Double> eta() {
        Optional<String> name = setting("rpo.objective.name", Config::getString);
        return name.orElse("rpo").equals("rpo") ? setting("rpo.objective.eta", Config::getDouble) : Optional.empty();
    }

    Optional<Long> seed() {
        return setting("rpo.train.seed", Config::getLong);
    }

    /** β, which rewards are log-ratios times. */
    Optional<Double> beta() {
        return setting("rpo.objective.beta", Config::getDouble).filter(beta -> beta > 0);
    }

    /** Gives what R averages, as {@code rpo.objective.regularizer.reduction} has it. */
    Optional<String> reduction() {
        return setting("rpo.objective.regularizer.reduction", Config::getString);
    }

    private <T> Optional<T> setting(String key, BiFunction<Config, String, T> get) {
        Config settings = settings();
        return settings.hasPath(key) ? Optional.of(get.apply(settings, key)) : Optional.empty();
    }

    private static TrainingLog trainingLog(Path directory, Configuration hadoop) {
        Path file = new Path(directory, "train/metrics.jsonl");
        Path supervised = new Path(directory, "sft/train/metrics.jsonl");
        return text(file, hadoop)
                .map(text -> TrainingLog.parse(text, file.toString()))
                .or(() -> text(supervised, hadoop).map(text -> TrainingLog.parse(text, supervised.toString())))
                .orElse(TrainingLog.EMPTY);
    }

    /** Each metric is {@code {mean, low, high}}; a bare number is a count. */
    private static Map<String, Estimate> estimates(JsonNode metrics) {
        Map<String, Estimate> estimates = new LinkedHashMap<>();
        metrics.fields().forEachRemaining(field -> {
            JsonNode value = field.getValue();
            if (value.isNumber()) {
                estimates.put(field.getKey(), new Estimate(value.asDouble(), Double.NaN, Double.NaN));
            } else if (value.path("mean").isNumber()) {
                estimates.put(
                        field.getKey(),
                        new Estimate(
                                value.path("mean").asDouble(),
                                value.path("low").asDouble(Double.NaN),
                                value.path("high").asDouble(Double.NaN)));
            }
        });
        return estimates;
    }

    private static Optional<JsonNode> json(Path file, Configuration hadoop) {
        return text(file, hadoop).map(text -> {
            try {
                return JSON.readTree(text);
            } catch (JsonProcessingException e) {
                throw RpoException.data(String.format(
                        Locale.ROOT,
                        "Cannot read %s: it is not JSON (%s). Run the stage that writes it again.",
                        file,
                        e.getOriginalMessage()));
            }
        });
    }

    private static Optional<String> text(Path file, Configuration hadoop) {
        return new SmallFile(file, hadoop).read();
    }
}
