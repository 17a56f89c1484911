package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Online alignment whose process is killed in every stage of every round, at a write drawn at random. */
class KilledOnlineTest {

    private static final long SEED = 16;

    @TempDir
    Path folder;

    @BeforeEach
    void inputs() throws IOException {
        OnlineInputs.write(folder);
    }

    @AfterEach
    void revive() {
        DyingStore.revive();
    }

    @Test
    void whereverItIsKilledItEndsWithTheSameWeights() throws IOException {
        DyingStore.revive();
        Outcome whole = execute("whole");
        assertEquals(0, whole.exitCode(), whole.err());
        Map<String, Integer> writes = new LinkedHashMap<>();
        DyingStore.writes().forEach(path -> writes.merge(place(path), 1, Integer::sum));

        Random random = new Random(SEED);
        Path killed = folder.resolve("killed");
        int deaths = 0;
        for (Map.Entry<String, Integer> place : writes.entrySet()) {
            if (!place.getKey().startsWith("online/")) {
                continue;
            }
            int at = 1 + random.nextInt(place.getValue());
            DyingStore.reviveUntil(at, killed.resolve(place.getKey()).toString());
            Outcome outcome = execute("killed");
            assertTrue(
                    DyingStore.isDead(), "write " + at + " to " + place.getKey() + " never came:\n" + outcome.out());
            assertTrue(outcome.exitCode() != 0, outcome.out());
            DyingStore.disown(killed);
            deaths++;
        }
        assertTrue(deaths >= 20, writes.keySet().toString());
        assertTrue(
                writes.keySet().containsAll(inEachRound()),
                () -> "of " + inEachRound() + " there are only " + writes.keySet());

        DyingStore.revive();
        Outcome end = execute("killed");
        assertEquals(0, end.exitCode(), end.err());
        for (int round = 1; round <= 2; round++) {
            String model = "online/round-0" + round + "/model";
            float[] expected = OnlineInputs.weights(folder.resolve("whole").resolve(model));
            float[] actual = OnlineInputs.weights(killed.resolve(model));
            assertArrayEquals(expected, actual, 1e-5f, "of round " + round); // steps are of 3e-3
        }
        assertEquals(
                Files.readAllLines(folder.resolve("whole/online/rounds.jsonl")).size(),
                Files.readAllLines(killed.resolve("online/rounds.jsonl")).size());
    }

    private static List<String> inEachRound() {
        return List.of("generate", "rate", "distance", "pairs", "data", "reference", "train", "model", "eval", "report").stream()
                .flatMap(stage -> Stream.of("online/round-01/" + stage, "online/round-02/" + stage))
                .toList();
    }

    /** Names an artifact of a round, or what else was written. */
    private String place(String path) {
        String[] names = folder.resolve("whole").relativize(Path.of(path)).toString().split("/");
        return String.join("/", List.of(names).subList(0, Math.min(3, names.length)));
    }

    private Outcome execute(String output) {
        Stream<String> settings = Stream.concat(
                DyingStore.SETTINGS.stream(),
                Stream.of(
                        "rpo.output=" + DyingStore.path(folder.resolve(output)),
                        "rpo.data.eval=" + folder.resolve("offline.jsonl"),
                        "rpo.train.learning-rate=3e-3",
                        "rpo.train.epochs=1"));
        return ProgramHere.run(Stream.concat(
                        Stream.of("online", "--config", folder.resolve("online.conf").toString()),
                        settings.flatMap(setting -> Stream.of("-D", setting)))
                .toList());
    }
}
