package ai.rpo.jobs.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiveReportTest {

    @TempDir
    Path folder;

    private Path page() {
        return folder.resolve("report/index.html");
    }

    private LiveReport report(Duration patience) throws IOException {
        Files.createDirectories(folder.resolve("train"));
        Files.writeString(folder.resolve("train/metrics.jsonl"), "{\"step\": 1, \"epoch\": 0.5, \"loss\": 0.75}\n");
        Files.writeString(folder.resolve("status.json"), """
                {"command": "run", "stage": "train", "state": "running", "done": 1, "total": 2}
                """);
        return new LiveReport(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration(), patience);
    }

    @Test
    void thePageSaysHowFarTheRunIs() throws IOException {
        LiveReport report = report(Duration.ZERO);
        report.checkpoint(1);
        assertTrue(Files.readString(page()).contains("so far: train, 1 of 2"));

        FileTime first = Files.getLastModifiedTime(page());
        report.checkpoint(2);
        assertEquals(first, Files.getLastModifiedTime(page()), "drawing would take more than a twentieth of the time");
    }

    @Test
    void nothingIsDrawnInTheFirstSeconds() throws IOException {
        report(Duration.ofMinutes(1)).checkpoint(1);
        assertFalse(Files.exists(page()));
    }
}
