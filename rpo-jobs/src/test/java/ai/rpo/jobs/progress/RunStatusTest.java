package ai.rpo.jobs.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.Lease;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import java.time.Instant;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunStatusTest {

    private static final Instant NOW = Instant.parse("2026-11-28T10:10:00Z");

    private final Configuration hadoop = new Configuration();

    @TempDir
    java.nio.file.Path folder;

    private RunDirectory run;

    @BeforeEach
    void open() {
        run = new RunDirectory(new Path(folder.toUri()), hadoop);
        status("running", "null", "null");
        run.artifact("data")
                .publish(new Manifest(
                        "prepare",
                        "1",
                        Instant.parse("2026-11-28T10:01:00Z"),
                        new Fingerprint(Map.of()),
                        Map.of("train_rows", 1200L)));
        run.file("train/metrics.jsonl").write("""
                {"step": 1, "loss": 0.75, "rewards/accuracies": 0.5}
                {"step": 2, "loss": 0.5, "rewards/accuracies": 0.625, "tokens_per_second": 12345.6, "grad_norm": NaN}
                """);
        run.file("train/checkpoints/step-00000002/checkpoint.json").write("{}");
    }

    private void status(String state, String exitCode, String error) {
        run.file("status.json").write("""
                {"command": "run", "stage": "train", "state": "%s", "started_at": "2026-11-28T10:00:00Z",
                 "updated_at": "2026-11-28T10:09:58Z", "done": 2, "total": 8, "exit_code": %s, "error": %s}
                """.formatted(state, exitCode, error));
    }

    private String screen() {
        return String.join("\n", RunStatus.of(run, hadoop).lines(NOW));
    }

    @Test
    void aScreenSaysHowFarARunIs() {
        try (Lease lease = run.lease("run")) {
            lease.check();
            String screen = screen();
            assertTrue(screen.startsWith("""
                    command   run, running for 10 min 0 s, begun 2026-11-28T10:00:00Z
                    stage     train: 2 of 8 (25 %), said 2.0 s ago
                    holder    the command run on """), screen);
            assertTrue(screen.contains("), which lives\n"), screen);
            assertTrue(screen.endsWith("""
                    made      prepare at 2026-11-28T10:01:00Z: 1,200 train rows
                    step      2: loss 0.5000, reward accuracy 0.6250, tokens/s 1.235e+04
                    kept      checkpoints step-00000002"""), screen);
        }
    }

    @Test
    void aKilledCommandIsNotTakenForARunningOne() {
        String screen = screen();
        assertTrue(screen.contains("command   run, abandoned after 9 min 58 s"), screen);
        assertTrue(screen.contains("holder    nobody\n          The command was killed. Run it again"), screen);

        run.file("lease/00000007.json").write("""
                {"owner": "x", "command": "run", "host": "elsewhere", "machine": "elsewhere", "process": 7, "startedAt": 1, "beat": 3}
                """);
        screen = screen();
        assertTrue(
                screen.contains("holder    the command run on elsewhere (process 7), which is on another machine"),
                screen);
        assertTrue(screen.contains("run, running for"), screen);
    }

    @Test
    void aFailureIsShown() {
        status("failed", "3", "\"Cannot prepare data: no rows are left. Check a.jsonl.\"");
        String screen = screen();
        assertTrue(screen.startsWith("command   run, failed with exit code 3 after 9 min 58 s"), screen);
        assertTrue(screen.endsWith("failure   Cannot prepare data: no rows are left. Check a.jsonl."), screen);
    }

    @Test
    void ofNightsTheLastIsShown() {
        run.file("nights/0001/train/metrics.jsonl").write("{\"step\": 5, \"loss\": 1}\n");
        run.file("nights/0002/train/metrics.jsonl").write("{\"step\": 9, \"loss\": 2}\n{\"step\": 1");
        String screen = screen();
        assertTrue(screen.contains("run       " + run.path("nights/0002")), screen);
        assertTrue(screen.contains("step      ") || !screen.contains("loss"), screen);
    }

    @Test
    void aFolderOfNobodyIsRefused() {
        RunDirectory empty = new RunDirectory(new Path(folder.resolve("none").toUri()), hadoop);
        RpoException refused = assertThrows(RpoException.class, () -> RunStatus.of(empty, hadoop));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        assertTrue(refused.getMessage().contains("it has no status.json"));
    }
}
