package ai.rpo.jobs.track;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.RunDirectory;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MlflowRunTest {

    private static final String SECRET = "s3cr3t";

    @TempDir
    java.nio.file.Path folder;

    private ScriptedMlflow server;
    private RunDirectory run;

    @BeforeEach
    void open() throws IOException {
        server = new ScriptedMlflow();
        run = new RunDirectory(new Path(folder.resolve("nightly").toUri()), new Configuration());
        run.file("train/metrics.jsonl").write("""
                {"step": 1, "loss": 0.75, "rewards/accuracies": 0.5}
                {"step": 2, "loss": 0.5, "grad_norm": NaN}
                """);
        run.file("eval/metrics.json")
                .write("{\"pairs\": 8, \"rewards/accuracies\": {\"mean\": 0.625, \"low\": 0, \"high\": 1}}");
    }

    @AfterEach
    void close() {
        server.close();
    }

    private MlflowRun mlflow() {
        MlflowSettings settings =
                new MlflowSettings(Optional.of(server.address()), "feedback", Optional.empty(), Optional.empty());
        return new MlflowRun(
                new MlflowClient(server.address(), Optional.of(SECRET)),
                settings,
                run,
                Map.of("rpo.train.epochs", "2"),
                Clock.fixed(Instant.ofEpochMilli(1000), ZoneOffset.UTC));
    }

    @Test
    void aRunIsToldWhole() {
        assertEquals(Optional.empty(), mlflow().end(true));
        List<String> calls = server.calls();
        String token = " Bearer " + SECRET + " ";
        assertEquals("GET /api/2.0/mlflow/experiments/get-by-name" + token, calls.get(0));
        assertEquals("POST /api/2.0/mlflow/experiments/create" + token + "{\"name\":\"feedback\"}", calls.get(1));
        assertEquals(
                "POST /api/2.0/mlflow/runs/create" + token
                        + "{\"experiment_id\":\"7\",\"run_name\":\"nightly\",\"start_time\":1000}",
                calls.get(2));
        assertTrue(calls.get(3).endsWith("\"params\":[{\"key\":\"rpo.train.epochs\",\"value\":\"2\"}]}"), calls.get(3));
        assertTrue(
                calls.get(4)
                        .endsWith("{\"run_id\":\"abc\",\"metrics\":["
                                + "{\"key\":\"loss\",\"value\":0.75,\"timestamp\":1000,\"step\":1},"
                                + "{\"key\":\"rewards/accuracies\",\"value\":0.5,\"timestamp\":1000,\"step\":1},"
                                + "{\"key\":\"loss\",\"value\":0.5,\"timestamp\":1000,\"step\":2}]}"),
                calls.get(4));
        assertTrue(calls.get(5).contains("\"held_out/rewards/accuracies\",\"value\":0.625"), calls.get(5));
        assertTrue(calls.stream()
                .anyMatch(call ->
                        call.startsWith("PUT /api/2.0/mlflow-artifacts/artifacts/7/abc/artifacts/eval/metrics.json")));
        assertTrue(calls.get(calls.size() - 1).contains("\"status\":\"FINISHED\",\"end_time\":1000"));
    }

    @Test
    void aServerThatIsDownIsToldLaterWhatItMissed() {
        server.down(true);
        MlflowRun first = mlflow();
        first.steps(List.of(Map.of("step", 1L)));
        String missed = first.end(true).orElseThrow();
        assertTrue(missed.contains("it has steps up to 0 (java.io.IOException: HTTP 503"), missed);
        assertTrue(missed.contains("no room for Bearer (token)"), missed);
        assertFalse(missed.contains(SECRET), missed);

        server.down(false);
        assertEquals(Optional.empty(), mlflow().end(true));
        long sent = server.calls().stream()
                .filter(call -> call.contains("\"step\":1}"))
                .count();
        assertEquals(1, sent);

        run.file("train/metrics.jsonl").write("""
                {"step": 1, "loss": 0.75}
                {"step": 2, "loss": 0.5}
                {"step": 3, "loss": 0.25}
                """);
        int before = server.calls().size();
        assertEquals(Optional.empty(), mlflow().end(false));
        List<String> later =
                new ArrayList<>(server.calls().subList(before, server.calls().size()));
        assertTrue(
                later.get(0).endsWith("\"metrics\":[{\"key\":\"loss\",\"value\":0.25,\"timestamp\":1000,\"step\":3}]}"),
                later.get(0));
        assertTrue(later.stream().noneMatch(call -> call.contains("runs/create")));
        assertTrue(later.get(later.size() - 1).contains("\"status\":\"FAILED\""));
    }

    @Test
    void aTokenComesFromTheEnvironmentAndAnAddressHasNone() {
        MlflowSettings settings = new MlflowSettings(
                Optional.of(server.address()), "feedback", Optional.empty(), Optional.of("NO_SUCH_TOKEN"));
        RpoException refused = assertThrows(
                RpoException.class,
                () -> Tracking.of(
                        settings, Optional.empty(), run, Map.of(), name -> null, missed -> {}, new Configuration()));
        assertTrue(refused.getMessage().contains("the environment has no variable NO_SUCH_TOKEN"));

        IllegalArgumentException address = assertThrows(
                IllegalArgumentException.class,
                () -> new MlflowSettings(
                        Optional.of("http://me:" + SECRET + "@host"), "feedback", Optional.empty(), Optional.empty()));
        assertFalse(address.getMessage().contains(SECRET));
        assertThrows(
                IllegalArgumentException.class,
                () -> new MlflowSettings(Optional.of("mlruns"), "feedback", Optional.empty(), Optional.empty()));
    }
}
