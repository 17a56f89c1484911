package ai.rpo.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.cluster.SparkHome.Submission;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The application jar on YARN, with the driver in the cluster, through {@code deploy/bin/submit-yarn}; all data on HDFS. */
@Timeout(300)
class YarnIT {

    /** Eight epochs of 40 pairs, in batches of four on each of two workers. */
    private static final int STEPS = 40;

    /** Kept after a failure. The logs of containers are in {@code target/test/data/rpo}. */
    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static java.nio.file.Path work;

    private static HadoopCluster hadoop;
    private static SparkHome spark;
    private static java.nio.file.Path config;

    @BeforeAll
    static void start() throws Exception {
        hadoop = new HadoopCluster(work.resolve("hadoop"));
        spark = new SparkHome(work.resolve("spark"));
        java.nio.file.Path model = SparkHome.CHECKOUT.resolve("rpo-core/src/test/resources/families/llama");
        for (String name : List.of("config.json", "model.safetensors")) {
            hadoop.files().copyFromLocalFile(new Path(model.resolve(name).toUri()), new Path("/base/" + name));
        }
        write(
                "/pairs.jsonl",
                IntStream.range(0, 40)
                        .mapToObj(
                                i -> "{\"prompt_ids\": [1, %d, %d], \"chosen_ids\": [5, 2], \"rejected_ids\": [4, 2]}\n"
                                        .formatted(3 + i % 10, 3 + i / 10))
                        .collect(Collectors.joining()));
        Files.writeString(work.resolve("base.conf"), """
                rpo {
                  model.path = "%s"
                  data.train = "%s"
                }
                """.formatted(hadoop.uri("/base"), hadoop.uri("/pairs.jsonl")));
        config = Files.writeString(work.resolve("run.conf"), """
                include "base"
                rpo.train {
                  workers = 2, pairs-per-batch = 4, averaging-frequency = 1, epochs = 8, learning-rate = 1e-3
                  checkpoint-every = 10
                }
                """);
    }

    @AfterAll
    static void stop() throws IOException {
        if (hadoop != null) {
            hadoop.close();
        }
    }

    @Test
    void preparesScoresAndTrainsThoughAnExecutorIsKilled() throws Exception {
        CompletableFuture<Submission> training = CompletableFuture.supplyAsync(() -> submit("run", "/run"));
        while (!training.isDone() && steps("/run") < 5) {
            Thread.sleep(50);
        }
        assertTrue(HadoopCluster.killExecutor(), () -> "no executor was there to kill: " + training.join());

        Submission submission = training.get();
        assertEquals(0, submission.exitCode(), submission.log());
        assertEquals(STEPS, steps("/run"));
        JsonNode status = new ObjectMapper().readTree(read("/run/status.json"));
        assertEquals("succeeded", status.path("state").asText(), status.toString());
        for (String file : List.of("data/manifest.json", "reference/manifest.json", "model/model.safetensors")) {
            assertTrue(hadoop.files().exists(new Path("/run/" + file)), file);
        }
    }

    @Test
    void aMistakeFailsTheApplicationAndStatusSaysWhichItWas() throws Exception {
        Submission submission = submit("train", "/mistaken", "-D", "rpo.data.train=" + hadoop.uri("/none.jsonl"));

        assertEquals(1, submission.exitCode(), submission.log());
        JsonNode status = new ObjectMapper().readTree(read("/mistaken/status.json"));
        assertEquals("failed", status.path("state").asText(), status.toString());
        assertEquals(2, status.path("exit_code").asInt(), status.toString());
        assertFalse(hadoop.files().exists(new Path("/mistaken/model")));
    }

    private static Submission submit(String command, String output, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "--conf",
                "spark.yarn.jars="
                        + SparkHome.JARS.stream().map("local:"::concat).collect(Collectors.joining(","))));
        for (String environment : List.of("spark.yarn.appMasterEnv.", "spark.executorEnv.")) {
            arguments.addAll(List.of("--conf", environment + "SPARK_LOCAL_IP=127.0.0.1"));
            // These JVMs live for seconds, most of which the optimizing compiler would take.
            arguments.addAll(List.of("--conf", environment + "JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1"));
        }
        arguments.addAll(
                List.of("--", command, "--config", config.toString(), "-D", "rpo.output=" + hadoop.uri(output)));
        arguments.addAll(List.of(more));
        Map<String, String> environment = Map.of(
                "HADOOP_CONF_DIR", hadoop.configuration().toString(),
                "RPO_JAR", System.getProperty("rpo.application.jar"),
                "RPO_CORES", "1",
                "RPO_HEAP", "512m",
                "RPO_NATIVE_MEMORY", "512m",
                "RPO_DRIVER_HEAP", "512m",
                "RPO_DRIVER_NATIVE_MEMORY", "512m");
        try {
            return spark.submit("submit-yarn", environment, arguments);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long steps(String run) throws IOException {
        Path metrics = new Path(run, "train/metrics.jsonl");
        return hadoop.files().exists(metrics) ? read(metrics.toString()).lines().count() : 0;
    }

    private static void write(String path, String text) throws IOException {
        try (var out = hadoop.files().create(new Path(path))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String read(String path) throws IOException {
        try (InputStream in = hadoop.files().open(new Path(path))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
