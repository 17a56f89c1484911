package ai.rpo.jobs.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.jobs.report.ReportStage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo's own part: what it writes for the stages, what it makes of what they leave. */
class DemoTest {

    private static final DemoPlan PLAN = new DemoPlan(List.of(0.0, 0.5, 1.0), List.of(1L, 2L), 24, 8, 64);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path temporary;

    private final List<Config> configurations = new ArrayList<>();

    @Test
    void runsEveryEtaWithEverySeedAndGradesEveryEpoch() throws IOException {
        Path output = temporary.resolve("demo");

        ReportStage.Report report = demo().run(DemoFolder.create(output), Progress.NONE);

        assertEquals(6, configurations.size());
        assertTrue(Files.exists(output.resolve("report/index.html")));
        JsonNode gold = JSON.readTree(output.resolve("seed-2/eta-0.5/gold.json").toFile());
        assertEquals(3, gold.path("epochs").size());
        assertEquals(64, gold.path("prompts").asInt());
        // Epoch 2's policy always answers right, the first one always drops the last letter: 5/6 − 0.1.
        assertEquals(5 / 6.0 - 0.1, gold.path("epochs").get(1).path("gold").asDouble(), 1e-9);
        assertEquals(1, gold.path("epochs").get(2).path("gold").asDouble(), 1e-9);
        assertFalse(report.findings().isEmpty());
    }

    @Test
    void givesTheStagesOrdinaryRowsOfPromptsThatAreNeverGraded() throws IOException {
        Path output = temporary.resolve("demo");
        demo().run(DemoFolder.create(output), Progress.NONE);
        Set<String> trained = new HashSet<>();
        for (String line : Files.readAllLines(output.resolve("seed-1/pairs/train.jsonl"))) {
            JsonNode row = JSON.readTree(line);
            assertEquals(Set.of("prompt", "chosen", "rejected"), fields(row));
            assertTrue(row.path("prompt").asText().matches("[a-p]{6}="), line);
            trained.add(row.path("prompt").asText());
        }
        assertEquals(
                24,
                Files.readAllLines(output.resolve("seed-1/pairs/train.jsonl")).size());
        assertEquals(
                8, Files.readAllLines(output.resolve("seed-1/pairs/eval.jsonl")).size());
        JsonNode gold = JSON.readTree(output.resolve("seed-1/eta-0/gold.json").toFile());
        gold.path("samples")
                .forEach(sample ->
                        assertFalse(trained.contains(sample.path("prompt").asText())));
    }

    @Test
    void runsOfOneSeedDifferInEtaAlone() throws IOException {
        demo().run(DemoFolder.create(temporary.resolve("demo")), Progress.NONE);
        Config first = configurations.get(0).withoutPath("rpo.output").withoutPath("rpo.objective.eta");
        Config second = configurations.get(1).withoutPath("rpo.output").withoutPath("rpo.objective.eta");
        assertEquals(first, second);
        assertEquals(0.0, configurations.get(0).getDouble("rpo.objective.eta"));
        assertEquals(0.5, configurations.get(1).getDouble("rpo.objective.eta"));
    }

    @Test
    void laterRunsOfASeedTakeOverItsDataAndReference() throws IOException {
        Path output = temporary.resolve("demo");
        demo().run(DemoFolder.create(output), Progress.NONE);
        assertEquals(
                "{\"made_for\": \"eta-0\"}", Files.readString(output.resolve("seed-1/eta-1/reference/manifest.json")));
        assertFalse(Files.exists(output.resolve("seed-1/eta-1/train/checkpoints/epoch-0001")), "kept for nothing");
        assertTrue(Files.exists(output.resolve("seed-1/eta-1/train/checkpoints/epoch-0002")));
    }

    @Test
    void replacesAnEarlierDemoButNothingElse() throws IOException {
        Path output = temporary.resolve("demo");
        demo().run(DemoFolder.create(output), Progress.NONE);
        Files.createFile(output.resolve("seed-1/stale"));
        demo().run(DemoFolder.create(output), Progress.NONE);
        assertFalse(Files.exists(output.resolve("seed-1/stale")));

        Path other = Files.createDirectory(temporary.resolve("thesis"));
        Files.writeString(other.resolve("chapter-1.txt"), "years of work");
        RpoException e = assertThrows(RpoException.class, () -> DemoFolder.create(other));
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        assertEquals("years of work", Files.readString(other.resolve("chapter-1.txt")));
    }

    private Demo demo() {
        return new Demo(PLAN, this::standIn, DemoTest::model, new ReportStage(new Configuration(false)));
    }

    private static Set<String> fields(JsonNode row) {
        Set<String> names = new HashSet<>();
        row.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** Leaves what the stages leave, as far as the demo looks at it. */
    private void standIn(Path configuration, Progress progress) {
        try {
            Config config = ConfigFactory.parseFile(configuration.toFile());
            configurations.add(config);
            Path output = Path.of(config.getString("rpo.output"));
            for (String artifact : List.of("data", "reference")) {
                Path manifest = output.resolve(artifact).resolve("manifest.json");
                if (!Files.exists(manifest)) {
                    Files.createDirectories(manifest.getParent());
                    Files.writeString(manifest, "{\"made_for\": \"%s\"}".formatted(output.getFileName()));
                }
            }
            Files.createDirectories(output.resolve("train/checkpoints/epoch-0001"));
            Files.createDirectories(output.resolve("train/checkpoints/epoch-0002"));
            Files.copy(configuration, output.resolve("resolved.conf"));
            Files.writeString(
                    output.resolve("train/metrics.jsonl"),
                    "{\"step\": 1, \"epoch\": 1, \"logps/chosen\": -5}\n{\"step\": 2, \"epoch\": 2, \"logps/chosen\": -6}\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Respondent model(Path folder) {
        return switch (folder.getFileName().toString()) {
            case "base" ->
                (letters, seed) -> {
                    CarelessWriter writer = new CarelessWriter(new SplittableRandom(seed));
                    return letters.stream()
                            .map(l -> new Answer(writer.answer(l), true))
                            .toList();
                };
            case "epoch-0001" ->
                (letters, seed) -> letters.stream()
                        .map(l -> new Answer(l.substring(0, 5), true))
                        .toList();
            default ->
                (letters, seed) ->
                        letters.stream().map(l -> new Answer(l, true)).toList();
        };
    }
}
