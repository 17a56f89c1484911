package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.core.model.Weights;
import ai.rpo.jobs.CommandLineProgram.Outcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tiny policy on its way, between a proxy and a gold reward model. */
class GaugeTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path MODEL = Path.of("../rpo-core/src/test/resources/families/llama");

    private static final String STEP_12 = "out/train/gauge/step-00000012/completions";

    private static final String TOKENIZER = """
            {"added_tokens": [{"id": 2, "content": "</s>", "special": true, "single_word": false, "lstrip": false,
              "rstrip": false, "normalized": false}],
             "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\\\s\\\\S]"}, "behavior": "Isolated", "invert": false},
             "model": {"type": "WordLevel", "vocab": {"?": 0, "<s>": 1, "</s>": 2, "a": 3, "b": 4, "c": 5, "d": 6, "e": 7, "f": 8,
              "g": 9, "h": 10, "i": 11, "j": 12}, "unk_token": "?"}}
            """;

    @TempDir
    Path folder;

    private String printed;

    @BeforeEach
    void inputs() throws IOException {
        Path policy = Files.createDirectory(folder.resolve("policy"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODEL.resolve(name), policy.resolve(name));
        }
        Files.writeString(policy.resolve("tokenizer.json"), TOKENIZER);
        Files.writeString(policy.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        for (int seed = 1; seed <= 3; seed++) {
            ModelDirectory reward = ModelDirectory.openForRewards(policy, seed);
            new ModelExport(reward, Dtype.F32).write(folder.resolve("reward-" + seed), reward.weights(), Map.of());
        }
        List<String> prompts = new ArrayList<>();
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            prompts.add(String.format(Locale.ROOT, "{\"prompt_ids\": [1, %d, 9]}", 3 + i % 8));
            pairs.add(String.format(
                    Locale.ROOT,
                    "{\"prompt_ids\": [1, %d], \"chosen_ids\": [4, %d, 2], \"rejected_ids\": [5, 2]}",
                    3 + i % 8,
                    3 + i % 5));
        }
        Files.write(folder.resolve("prompts.jsonl"), prompts.subList(0, 8));
        Files.write(folder.resolve("pairs.jsonl"), pairs);
        Files.writeString(folder.resolve("run.conf"), """
                rpo {
                  output = %1$s/out
                  model.path = %1$s/policy
                  data.train = %1$s/pairs.jsonl
                  objective.beta = 0.1
                  generate.max-new-tokens = 6
                  gauge {
                    prompts = %1$s/prompts.jsonl, samples = 3
                    proxy = [%1$s/reward-1, %1$s/reward-2], gold = %1$s/reward-3
                  }
                  train { pairs-per-batch = 10, learning-rate = 1e-2, epochs = 3, keep-checkpoints = 1 }
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 2, master = "local[1]" }
                """.formatted(folder));
    }

    @AfterEach
    void revive() {
        DyingStore.revive();
    }

    @Test
    void everyCheckpointOfARunIsAPointThoughItIsNotKept() throws IOException {
        List<String> words = Stream.of("ab", "cd", "ef", "gh", "ij", "ace", "bdf", "ghi")
                .map(text -> "{\"prompt\": \"" + text + "\"}")
                .toList();
        Files.write(folder.resolve("prompts.jsonl"), words);
        String[] graded = {
            "rpo.gauge.gold=program", "rpo.judge.program.verifier=regular-expression", "rpo.judge.program.pattern=b"
        };
        assertEquals(0, execute("run", graded), printed);

        List<JsonNode> points = points();
        assertEquals(List.of(0, 4, 8, 12), steps());
        JsonNode start = points.get(0);
        for (String zero : List.of("kl", "kl_se", "k1", "k3", "logps_shift/chosen", "logps_shift/rejected")) {
            assertEquals(0, start.get(zero).asDouble(), 1e-5, zero);
        }
        for (JsonNode point : points.subList(1, 4)) {
            assertTrue(point.get("kl").asDouble() > 2 * point.get("kl_se").asDouble(), points.toString());
            assertTrue(point.get("k3").asDouble() > 0);
            assertTrue(
                    point.get("proxy_se").asDouble() > 0 && point.get("gold_se").asDouble() > 0, points.toString());
            assertEquals(24, point.get("completions").asInt());
            assertTrue(point.get("logps_shift/chosen").asDouble()
                    > point.get("logps_shift/rejected").asDouble());
        }
        List<JsonNode> completions = lines(STEP_12 + "/" + part(STEP_12));
        assertEquals(24, completions.size());
        assertEquals(
                completions.stream()
                                .filter(row -> row.get("completion").asText().contains("b"))
                                .count()
                        / 24.0,
                points.get(3).get("gold").asDouble(),
                1e-9);
        List<JsonNode> logged = lines("out/train/metrics.jsonl");
        assertEquals(points.get(3).get("gold"), logged.get(11).get("gauge/gold"));
        assertEquals(points.get(3).get("kl"), logged.get(11).get("gauge/kl"));
        assertTrue(printed.contains("step 12: "), printed);
        assertTrue(Files.readString(folder.resolve("out/report/index.html")).contains("id=\"figure-gauge-gold\""));
    }

    /** Of a run that knew of no gauge, what is there of its checkpoints. */
    @Test
    void checkpointsThatWereKeptAreMeasuredAfterwardsAndOnce() throws IOException {
        Files.writeString(folder.resolve("prompts.jsonl"), "{\"prompt_ids\": [1, 3]}\n", StandardOpenOption.APPEND);
        assertEquals(0, execute("train", "rpo.gauge.prompts=null", "rpo.train.keep-checkpoints=3"), printed);
        String[] gauge = {"rpo.train.keep-checkpoints=3", "rpo.gauge.every=7"};
        assertEquals(0, execute("gauge", gauge), printed);
        assertEquals(List.of(0, 8, 12), steps(), "from 0 the first after 7 steps, and the last");
        assertTrue(printed.contains("1 of the 9 prompts in rpo.gauge.prompts are trained on"), printed);
        String first = Files.readString(folder.resolve("out/gauge/points.jsonl"));
        assertEquals(0, execute("gauge", gauge), printed);
        assertTrue(printed.contains("gauge     reused"), printed);

        Files.delete(folder.resolve("out/gauge/manifest.json")); // as if it had been killed before its end
        Path point = folder.resolve("out/gauge/step-00000008/point.json");
        FileTime made = Files.getLastModifiedTime(point);
        Files.delete(folder.resolve("out/gauge/step-00000012/point.json"));
        assertEquals(0, execute("gauge", gauge), printed);
        assertEquals(first, Files.readString(folder.resolve("out/gauge/points.jsonl")));
        assertEquals(made, Files.getLastModifiedTime(point), "a stored point is made again");
    }

    /** The policy is the base under its adapter; the command is killed at points of training, and of the gauge after it. */
    @Test
    void anAdaptersPolicyIsMeasuredAndAKilledGaugeGoesOn() throws IOException {
        DyingStore.revive();
        assertEquals(0, executeDying("whole"), printed);
        List<String> whole = DyingStore.writes();
        List<JsonNode> points = lines("whole/gauge/points.jsonl");
        assertEquals(3, points.size());
        assertTrue(
                points.get(2).get("kl").asDouble()
                        > 2 * points.get(2).get("kl_se").asDouble(),
                points.toString());

        String[] merged = {
            "rpo.model.path=" + folder.resolve("whole/model"),
            "rpo.generate.prompts=" + folder.resolve("prompts.jsonl"),
            "rpo.generate.samples-per-prompt=3",
            "rpo.generate.temperature=1",
            "rpo.generate.top-p=1"
        };
        assertEquals(0, execute("generate", merged), printed);
        assertEquals(
                completions("out/generate/completions"), completions("whole/train/gauge/step-00000008/completions"));

        Random random = new Random(3);
        Path killed = folder.resolve("killed");
        for (String place : List.of("train/gauge/step-00000004", "train/gauge/step-00000008", "gauge")) {
            String there = folder.resolve("whole").resolve(place).toString();
            int writes =
                    (int) whole.stream().filter(path -> path.startsWith(there)).count();
            DyingStore.reviveUntil(
                    1 + random.nextInt(writes), killed.resolve(place).toString());
            assertNotEquals(0, executeDying("killed"), printed);
            assertTrue(DyingStore.isDead(), printed);
            DyingStore.disown(killed);
        }
        DyingStore.revive();
        assertEquals(0, executeDying("killed"), printed);
        assertEquals(points, lines("killed/gauge/points.jsonl"));
    }

    private int executeDying(String output) {
        return execute(
                "gauge",
                DyingStore.SETTINGS.get(0),
                DyingStore.SETTINGS.get(1),
                "rpo.output=" + DyingStore.path(folder.resolve(output)),
                "rpo.lora.rank=2",
                "rpo.train.learning-rate=5e-2",
                "rpo.train.epochs=2");
    }

    private List<List<String>> completions(String place) throws IOException {
        List<List<String>> completions = new ArrayList<>();
        for (JsonNode row : lines(place + "/" + part(place))) {
            completions.add(List.of(
                    row.get("ordinal").toString(),
                    row.get("sample").toString(),
                    row.get("completion_ids").toString()));
        }
        return completions;
    }

    @Test
    void theBestByGoldBecomesTheModelAndTrainingStopsAtTheTurn() throws IOException {
        Path reference = folder.resolve("reference");
        ModelDirectory start = ModelDirectory.open(folder.resolve("policy"));
        new ModelExport(start, Dtype.F32)
                .write(
                        reference,
                        (entry, offset, target) -> {
                            start.weights().read(entry, offset, target);
                            for (int i = 0; i < target.position(); i++) {
                                target.put(i, 0.9f * target.get(i));
                            }
                        },
                        Map.of());
        String[] selection = {
            "rpo.selection.metric=gold",
            "rpo.selection.patience=1",
            "rpo.train.epochs=8",
            "rpo.reference.path=" + reference
        };
        assertEquals(0, execute("run", selection), printed);
        List<JsonNode> points = points();
        int best = 1;
        for (int i = 2; i < points.size(); i++) {
            best = gold(points, i) > gold(points, best) ? i : best;
        }
        assertEquals(points.size() - 2, best, "it goes on until one is not better: " + points);
        assertTrue(points.size() < 9, points.toString());
        assertTrue(gold(points, 0) != 0 && points.get(0).get("kl").asDouble() > 0, "training starts elsewhere");
        assertEquals(0, lines("out/gauge/reference.json").get(0).get("kl").asDouble());
        assertTrue(Files.exists(
                folder.resolve("out/train/checkpoints/step-" + String.format(Locale.ROOT, "%08d", 4 * best))));
        String chosen = String.format(Locale.ROOT, "out/train/checkpoints/step-%08d", 4 * best);
        assertArrayEquals(
                OnlineInputs.weights(folder.resolve(chosen)), OnlineInputs.weights(folder.resolve("out/model")));
    }

    private static double gold(List<JsonNode> points, int i) {
        return points.get(i).get("gold").asDouble();
    }

    @Test
    void whatCannotBeMeasuredIsSaidBeforeTraining() throws IOException {
        assertRefused(
                2,
                "nothing is gauged. Name prompts with rpo.gauge.prompts",
                "rpo.selection.metric=gold",
                "rpo.gauge.prompts=null");
        assertRefused(
                2,
                "there is no such reward. Name reward models with rpo.gauge.gold",
                "rpo.selection.metric=gold",
                "rpo.gauge.gold=null");
        assertRefused(2, "rpo.gauge.proxy must be reward models", "rpo.gauge.proxy=implicit");
        assertRefused(2, "rpo.gauge.gold must be judge or program alone", "rpo.gauge.gold=[judge, program]");
        assertRefused(
                2,
                "it holds two answers against each other",
                "rpo.gauge.gold=judge",
                "rpo.judge.by=program",
                "rpo.judge.protocol=program-pair");
        assertRefused(
                2,
                "Cannot use the model in " + folder.resolve("policy") + " as a reward model",
                "rpo.gauge.gold=" + folder.resolve("policy"));
        assertRefused(
                2, "they have different vocabularies, of ", "rpo.gauge.gold=" + OnlineInputs.otherVocabulary(folder));
        assertRefused(2, "none.jsonl", "rpo.gauge.prompts=" + folder.resolve("none.jsonl"));
        Files.writeString(folder.resolve("empty.jsonl"), "");
        assertRefused(3, "none of 0 rows", "rpo.gauge.prompts=" + folder.resolve("empty.jsonl"));
        Files.writeString(folder.resolve("one.jsonl"), "{\"prompt_ids\": [1, 4]}");
        assertRefused(3, "Cannot gauge with one prompt", "rpo.gauge.prompts=" + folder.resolve("one.jsonl"));
        assertRefused(3, "is not finite", "rpo.gauge.gold=" + broken());
        assertFalse(Files.exists(folder.resolve("out/train/metrics.jsonl")), "it has trained");
    }

    private void assertRefused(int exitCode, String why, String... definitions) {
        assertEquals(exitCode, execute("run", definitions), printed);
        assertTrue(printed.contains(why), printed);
    }

    /** A reward model whose numbers are too large. */
    private Path broken() {
        return export(folder.resolve("policy"), "broken", reward -> (entry, offset, target) -> {
            if (entry.name().startsWith("score")) {
                fill(target, Float.MAX_VALUE);
            } else {
                reward.weights().read(entry, offset, target);
            }
        });
    }

    private static void fill(FloatBuffer target, float value) {
        while (target.hasRemaining()) {
            target.put(value);
        }
    }

    private Path export(Path policy, String name, Function<ModelDirectory, Weights> weights) {
        ModelDirectory reward = ModelDirectory.openForRewards(policy, 4);
        new ModelExport(reward, Dtype.F32).write(folder.resolve(name), weights.apply(reward), Map.of());
        return folder.resolve(name);
    }

    private int execute(String command, String... definitions) {
        List<String> words = new ArrayList<>(
                List.of(command, "--config", folder.resolve("run.conf").toString()));
        Arrays.stream(definitions).forEach(definition -> words.addAll(List.of("-D", definition)));
        Outcome outcome = ProgramHere.run(words);
        printed = outcome.out() + outcome.err();
        return outcome.exitCode();
    }

    private String part(String place) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(place))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("part-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private List<Integer> steps() throws IOException {
        return points().stream().map(point -> point.get("step").asInt()).toList();
    }

    private List<JsonNode> points() throws IOException {
        return lines("out/gauge/points.jsonl");
    }

    private List<JsonNode> lines(String file) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(file))) {
            rows.add(JSON.readTree(line));
        }
        return rows;
    }
}
