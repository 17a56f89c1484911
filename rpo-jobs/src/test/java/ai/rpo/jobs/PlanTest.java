package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.jobs.CommandLineProgram.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanTest {

    private static final Path MODEL =
            Path.of("../rpo-core/src/test/resources/families/llama").toAbsolutePath();

    @TempDir
    Path folder;

    @Test
    void aPlanSaysWhatARunWillTakeAndWritesNothing() throws Exception {
        Files.writeString(
                folder.resolve("pairs.jsonl"),
                IntStream.range(0, 41)
                        .mapToObj(i -> i == 40
                                ? "{}\n"
                                : "{\"prompt_ids\": [1, %d], \"chosen_ids\": [%d, 2], \"rejected_ids\": [3, 4, 2]}\n"
                                        .formatted(3 + i % 10, 5 + i / 10))
                        .collect(Collectors.joining()));
        Outcome outcome = new CommandLineProgram(folder)
                .run(
                        "plan",
                        "-Drpo.output=out",
                        "-Drpo.model.path=" + MODEL,
                        "-Drpo.data.train=pairs.jsonl",
                        "-Drpo.train.pairs-per-batch=8",
                        "-Drpo.train.epochs=3",
                        "-Drpo.train.keep-checkpoints=2",
                        "--device-memory=1537m",
                        "-Drpo.plan.device-tokens-per-second=100");

        // 1 MB is left of it when the driver has had its share.
        assertEquals(2, outcome.exitCode(), outcome.err());
        assertTrue(outcome.err().contains("Cannot run on a GPU of 1,537 MB"), outcome.err());
        assertTrue(outcome.err().contains("Nothing would fit there"), outcome.err());
        assertTrue(
                outcome.out().lines().anyMatch(line -> line.matches("way +an adapter, rpo.lora.rank = 16: .*")),
                outcome.out());
        Map<String, String> said = outcome.out()
                .lines()
                .filter(line -> !line.startsWith("way"))
                .collect(Collectors.toMap(line -> line.split(" ", 2)[0], line -> line.split(" ", 2)[1].strip()));
        assertEquals("41, of which 41 were looked at", said.get("rows"));
        assertEquals("40 to train on, 0 held out; 1 would be left out", said.get("kept"));
        assertEquals("280 in 1 shards", said.get("tokens"));
        // Weights and two moments in each of two checkpoints, and the model: seven times four bytes.
        long parameters =
                ParameterLayout.of(ModelDirectory.open(MODEL).config()).size();
        assertTrue(
                said.get("disk")
                        .endsWith(String.format(Locale.ROOT, ", %.2f MB checkpoints and model", 28 * parameters / 1e6)),
                said.get("disk"));
        assertTrue(said.get("train").endsWith(", 15 steps"), said.get("train"));
        // 40 rows of 7 tokens, 5 of which are read to predict others; in training three times the work, in three
        // epochs.
        assertTrue(
                said.get("devices").startsWith("0.0005556 device-hours to score, 0.005000 to train"),
                said.get("devices"));
        assertFalse(Files.exists(folder.resolve("out")));
    }
}
