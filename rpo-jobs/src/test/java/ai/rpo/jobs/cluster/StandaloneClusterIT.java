package ai.rpo.jobs.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.jobs.cluster.SparkInstallation.Submission;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The application jar on a Spark standalone cluster gives what it gives in one JVM. */
class StandaloneClusterIT {

    private static final Path JAR = Path.of(System.getProperty("rpo.application.jar"));

    /** Ten epochs of 24 pairs, in batches of four on each of two workers. */
    private static final int STEPS = 30;

    private static final String CONFIG = """
            {
              "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 64, "hidden_size": 32,
              "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
              "max_position_embeddings": 64, "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;

    /** Large enough that some hundred pairs take seconds. */
    private static final String LARGER_CONFIG = CONFIG.replace("\"hidden_size\": 32", "\"hidden_size\": 128")
            .replace("\"intermediate_size\": 48", "\"intermediate_size\": 384")
            .replace("\"max_position_embeddings\": 64", "\"max_position_embeddings\": 256");

    private static final int SCORED_PAIRS = 520;

    /** Kept after a failure: it has the logs of all daemons and executors. */
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path work;

    private static SparkInstallation spark;
    private static StandaloneCluster cluster;

    @BeforeAll
    static void start() throws Exception {
        spark = new SparkInstallation(
                Path.of(System.getProperty("rpo.spark.home")),
                Path.of(System.getProperty("rpo.jvm.options")),
                Files.createDirectory(work.resolve("spark")));
        writeModel(work.resolve("start"), CONFIG);
        writePairs(work.resolve("pairs.jsonl"), 24, 2);
        assertSucceeds(submit("local[2]", "train", work.resolve("local")));
        cluster = new StandaloneCluster(spark, 2);
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void scoresAndTrainsAsOneJvmDoes() throws Exception {
        Path output = work.resolve("cluster");
        assertSucceeds(submit(cluster.url(), "score", output));
        assertSucceeds(submit(cluster.url(), "train", output, "-D", "rpo.train.resources.cpus=1"));

        List<JsonNode> expected = metrics(work.resolve("local"));
        List<JsonNode> actual = metrics(output);
        assertEquals(STEPS, expected.size());
        assertEquals(STEPS, actual.size());
        for (int step = 0; step < STEPS; step++) {
            for (String name : List.of("loss", "logps/chosen", "rewards/chosen", "rewards/rejected", "grad_norm")) {
                double one = expected.get(step).path(name).doubleValue();
                double other = actual.get(step).path(name).doubleValue();
                assertEquals(one, other, 1e-4 * (1 + Math.abs(one)), name + " of step " + (step + 1));
            }
        }
        assertTrainedAlike(output);
    }

    @Test
    void survivesTheLossOfAnExecutor() throws Exception {
        Path output = work.resolve("disturbed");
        CompletableFuture<Submission> training =
                CompletableFuture.supplyAsync(() -> submit(cluster.url(), "train", output));
        Path metrics = output.resolve("train/metrics.jsonl");
        while (!training.isDone() && !(Files.exists(metrics) && metrics(output).size() >= 5)) {
            Thread.sleep(50);
        }
        assertTrue(cluster.killExecutor(), "training ended before an executor could be killed");

        assertSucceeds(training.get());
        assertEquals(STEPS, metrics(output).size());
        assertTrainedAlike(output);
        assertLogged(
                output, ".*: executor \\d+ is lost: .*"); // its tasks are short, and it may have had none just then
    }

    /** Of a larger model, pair by pair, so that scoring takes a while. */
    @Test
    void scoresAsBeforeWhereAnExecutorIsLostOnTheWay() throws Exception {
        Path model = work.resolve("larger");
        writeModel(model, LARGER_CONFIG);
        Path pairs = work.resolve("more-pairs.jsonl");
        writePairs(pairs, SCORED_PAIRS, 40);
        String[] settings = {
            "-D", "rpo.model.path=" + model,
            "-D", "rpo.data.train=" + pairs,
            "-D", "rpo.reference.tokens-per-batch=1"
        };
        Path undisturbed = work.resolve("undisturbed-scores");
        assertSucceeds(submit("local[2]", "score", undisturbed, settings));

        Path output = work.resolve("disturbed-scores");
        CompletableFuture<Submission> scoring =
                CompletableFuture.supplyAsync(() -> submit(cluster.url(), "score", output, settings));
        while (!scoring.isDone() && !hasStoredScores(output)) {
            Thread.sleep(20);
        }
        assertTrue(cluster.killExecutor(), "scoring ended before an executor could be killed");

        assertSucceeds(scoring.get());
        assertLogged(output, ".*: executor \\d+ is lost: .*");
        assertLogged(output, ".*: attempt \\d+ of task \\d+ on executor .* is lost: .*");
        JsonNode report = new ObjectMapper()
                .readTree(output.resolve("reference/report.json").toFile());
        assertEquals(SCORED_PAIRS, report.findValue("computed").asInt(), report.toString());
        assertEquals(scores(undisturbed), scores(output));
    }

    @Test
    void theLossOfAllExecutorsEndsWithACheckpointToGoOnFrom() throws Exception {
        Path output = work.resolve("abandoned");
        Path metrics = output.resolve("train/metrics.jsonl");
        SparkInstallation elsewhere = new SparkInstallation(
                spark.home(), spark.jvmOptions(), Files.createDirectory(work.resolve("elsewhere")));
        try (StandaloneCluster doomed = new StandaloneCluster(elsewhere, 2)) {
            CompletableFuture<Submission> training = CompletableFuture.supplyAsync(
                    () -> submit(doomed.url(), "train", output, "-D", "rpo.train.worker-timeout=5"));
            while (!training.isDone()
                    && !(Files.exists(metrics) && metrics(output).size() >= 4)) {
                Thread.sleep(20);
            }
            assertTrue(!training.isDone(), "training ended before its executors could be killed");
            doomed.killWorkers();
            Submission submission = training.get();
            assertEquals(5, submission.exitCode(), submission.log());
            assertTrue(submission.log().contains("no executor takes up the work"), submission.log());
            assertTrue(submission.log().contains("is kept"), submission.log());
        }

        assertSucceeds(submit(cluster.url(), "train", output, "-D", "rpo.train.worker-timeout=5"));
        assertEquals(STEPS, metrics(output).size());
        assertTrainedAlike(output);
    }

    @Test
    void tellsAMistakeInOneLineAndItsExitCode() throws Exception {
        Submission submission = submit(cluster.url(), "train", work.resolve("mistaken"), "-D", "rpo.train.epoch=2");

        assertEquals(2, submission.exitCode(), submission.log());
        assertTrue(submission.log().contains("rpo.train.epochs"), submission.log());
        assertTrue(submission.log().lines().noneMatch(line -> line.startsWith("\tat ")), submission.log());
    }

    private static Submission submit(String master, String command, Path output, String... more) {
        List<String> arguments = new ArrayList<>(List.of(command));
        for (String each : List.of(
                "rpo.model.path=" + work.resolve("start"),
                "rpo.data.train=" + work.resolve("pairs.jsonl"),
                "rpo.output=" + output,
                "rpo.train.workers=2",
                "rpo.train.pairs-per-batch=4",
                "rpo.train.averaging-frequency=1",
                "rpo.train.learning-rate=1e-3",
                "rpo.train.epochs=10")) {
            arguments.addAll(List.of("-D", each));
        }
        arguments.addAll(List.of(more));
        try {
            return spark.submit(master, JAR, "ai.rpo.jobs.Main", Map.of("spark.executor.memory", "1g"), arguments);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void assertSucceeds(Submission submission) {
        assertEquals(0, submission.exitCode(), submission.log());
    }

    private static void assertLogged(Path output, String pattern) throws IOException {
        String log = Files.readString(output.resolve("rpo.log"));
        assertTrue(log.lines().anyMatch(line -> line.matches(pattern)), log);
    }

    private static boolean hasStoredScores(Path output) throws IOException {
        Path stored = output.resolve("scores");
        if (!Files.isDirectory(stored)) {
            return false;
        }
        try (Stream<Path> files =
                Files.find(stored, 5, (file, attributes) -> file.toString().endsWith(".parquet"))) {
            return files.findAny().isPresent();
        } catch (UncheckedIOException e) {
            return false; // a file was renamed since its folder was listed
        }
    }

    private static List<Row> scores(Path output) {
        try (SparkSession session = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .getOrCreate()) {
            return session.read()
                    .parquet(output.resolve("reference/train").toString())
                    .drop("prompt_ids", "chosen_ids", "rejected_ids")
                    .orderBy("ordinal")
                    .collectAsList();
        }
    }

    /** The weights moved as in the run in one JVM, up to the order in which floats were added. */
    private static void assertTrainedAlike(Path output) {
        float[] start = weights(work.resolve("start"));
        float[] one = weights(work.resolve("local/model"));
        float[] other = weights(output.resolve("model"));
        double difference = 0;
        double change = 0;
        for (int i = 0; i < start.length; i++) {
            difference = Math.hypot(difference, one[i] - other[i]);
            change = Math.hypot(change, one[i] - start[i]);
        }
        assertTrue(difference <= 1e-3 * change, "changed by " + change + ", but differ by " + difference);
    }

    private static float[] weights(Path folder) {
        ModelDirectory model = ModelDirectory.open(folder);
        ParameterLayout layout = ParameterLayout.of(model.config());
        float[] all = new float[Math.toIntExact(layout.size())];
        layout.entries().forEach(entry -> model.weights()
                .read(entry, 0, FloatBuffer.wrap(all, (int) entry.offset(), (int) entry.size())));
        return all;
    }

    /** The whole lines so far. */
    private static List<JsonNode> metrics(Path run) throws IOException {
        ObjectMapper json = new ObjectMapper();
        List<JsonNode> steps = new ArrayList<>();
        String text = Files.readString(run.resolve("train/metrics.jsonl"));
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
            steps.add(json.readTree(line));
        }
        return steps;
    }

    private static void writeModel(Path folder, String json) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), json);
        ModelConfig config = ModelConfigParser.parse(json, "config.json");
        Random random = new Random(1);
        ParameterFile.write(
                folder.resolve("model.safetensors"), ParameterLayout.of(config), (entry, offset, target) -> {
                    while (target.hasRemaining()) {
                        target.put((float) ((entry.vector() ? 1 : 0) + 0.2 * random.nextGaussian()));
                    }
                });
    }

    private static void writePairs(Path file, int count, int shortest) throws IOException {
        Random random = new Random(2);
        List<String> rows = Stream.generate(() -> "{\"prompt_ids\": %s, \"chosen_ids\": %s, \"rejected_ids\": %s}"
                        .formatted(ids(random, shortest), ids(random, shortest), ids(random, shortest)))
                .limit(count)
                .toList();
        Files.write(file, rows);
    }

    private static String ids(Random random, int shortest) {
        return Arrays.toString(random.ints(shortest + random.nextInt(6), 3, 64).toArray());
    }
}
