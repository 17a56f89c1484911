package ai.rpo.jobs.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressTest {

    @TempDir
    Path folder;

    private Instant now = Instant.parse("2026-01-02T03:04:05Z");

    private final Clock clock = new Clock() {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    };

    @Test
    void linesComeEveryTenSecondsWithTheTimeLeft() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ProgressLines lines = new ProgressLines(new PrintStream(bytes, true, StandardCharsets.UTF_8), clock);

        for (int second = 0; second < 26; second++) {
            lines.update("score train", Math.min(40L * second, 999), 1000);
            now = now.plusSeconds(1);
        }
        lines.update("score train", 1000, 1000);
        lines.update("score train", 1000, 1000);
        lines.update("score eval", 0, 8);
        lines.update("score eval", 8, 8);

        assertEquals("""
                score train      400 of 1,000 (40 %), 10 s, 15 s left
                score train      800 of 1,000 (80 %), 20 s, 5.0 s left
                score train      1,000 of 1,000 (100 %), 26 s
                """, bytes.toString(StandardCharsets.UTF_8));
    }

    @Test
    void whatAnEarlierStartDidSaysNothingOfTheTimeLeft() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ProgressLines lines = new ProgressLines(new PrintStream(bytes, true, StandardCharsets.UTF_8), clock);

        lines.update("train", 300, 400);
        now = now.plusSeconds(10);
        lines.update("train", 320, 400);

        assertEquals("train            320 of 400 (80 %), 10 s, 40 s left\n", bytes.toString(StandardCharsets.UTF_8));
    }

    @Test
    void anUnknownTotalShowsWhatIsDone() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ProgressLines lines = new ProgressLines(new PrintStream(bytes, true, StandardCharsets.UTF_8), clock);

        lines.update("prepare", 0, 0);
        now = now.plusSeconds(10);
        lines.update("prepare", 12_345, 0);

        assertEquals("prepare          12,345, 10 s\n", bytes.toString(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource({"1234, 1.2 s", "59999, 59 s", "185000, 3 min 5 s", "9600000, 2 h 40 min"})
    void durationsReadAsPeopleSayThem(long millis, String text) {
        assertEquals(text, Durations.text(Duration.ofMillis(millis)));
    }

    @Test
    void theStatusFollowsTheCommandToItsEnd() throws IOException {
        StatusFile status = new StatusFile(file("status.json"), Fence.NONE, "train", clock);
        status.begin();
        assertEquals(
                "{\"command\":\"train\",\"stage\":null,\"state\":\"running\",\"started_at\":\"2026-01-02T03:04:05Z\","
                        + "\"updated_at\":\"2026-01-02T03:04:05Z\",\"done\":0,\"total\":0,\"exit_code\":null,\"error\":null}",
                read().toString());

        status.stage("score");
        now = now.plusSeconds(1);
        status.update(1, 10);
        assertEquals(0, read().get("done").asInt(), "too soon to write again");
        now = now.plusSeconds(2);
        status.update(2, 10);
        assertEquals(2, read().get("done").asInt());
        assertEquals("score", read().get("stage").asText());

        status.failed(3, "Cannot score");
        status.failed(130, "interrupted");
        status.update(3, 10);
        assertEquals("failed", read().get("state").asText());
        assertEquals(3, read().get("exit_code").asInt());
        assertEquals("Cannot score", read().get("error").asText());
    }

    @Test
    void successHasExitCodeZero() throws IOException {
        StatusFile status = new StatusFile(file("status.json"), Fence.NONE, "train", clock);
        status.begin();
        status.succeeded();

        assertEquals("succeeded", read().get("state").asText());
        assertEquals(0, read().get("exit_code").asInt(-1));
    }

    @Test
    void anUnwritableStatusStopsTheBeginningButNotTheWork() throws IOException {
        Files.writeString(folder.resolve("run"), "a file");
        StatusFile status = new StatusFile(file("run/status.json"), Fence.NONE, "train", clock);

        assertThrows(RpoException.class, status::begin);
        status.stage("score");
        status.succeeded();
    }

    private SmallFile file(String name) {
        return new SmallFile(new org.apache.hadoop.fs.Path(folder + "/" + name), new Configuration());
    }

    private JsonNode read() throws IOException {
        return new ObjectMapper().readTree(folder.resolve("status.json").toFile());
    }
}
