package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
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
        Map<String, Integer> writes = new LinkedHashMap<>(); // in an order in which all of them are yet to come
        for (String path : DyingStore.writes()) {
            String place = place(path);
            if (place.startsWith("online/") && !place.contains("/.")) {
                int before = writes.getOrDefault(place, 0);
                if (!inEachRound().contains(place) || place.endsWith("/report")) { // is written to again and again
                    writes.remove(place);
                }
                writes.put(place, before + 1);
            }
        }

        Random random = new Random(SEED);
        Path killed = folder.resolve("killed");
        Set<String> died = new HashSet<>();
        int deaths = 0;
        for (Map.Entry<String, Integer> place : writes.entrySet()) {
            DyingStore.reviveUntil(
                    1 + random.nextInt(place.getKey().endsWith("/report") ? 3 : place.getValue()), // it is drawn twice
                    killed.resolve(place.getKey()).toString());
            Outcome outcome = execute("killed");
            if (DyingStore.isDead()) {
                assertTrue(outcome.exitCode() != 0, outcome.out());
                DyingStore.disown(killed);
                died.add(place.getKey());
                deaths++;
            }
        }
        assertTrue(deaths >= 20, deaths + " deaths, in " + died);
        assertTrue(died.containsAll(inEachRound()), () -> "of " + inEachRound() + " it died in " + died + " alone");

        DyingStore.revive();
        Outcome end = execute("killed");
        assertEquals(0, end.exitCode(), end.err());
        for (int round = 1; round <= 2; round++) {
            String model = "online/round-0" + round + "/model";
            float[] expected = OnlineInputs.weights(folder.resolve("whole").resolve(model));
            float[] actual = OnlineInputs.weights(killed.resolve(model));
            // A batch of completions begins elsewhere after a kill, which float32 sees; a step is of 3e-3.
            assertArrayEquals(expected, actual, 1e-5f, "of round " + round);
        }
        assertEquals(
                Files.readAllLines(folder.resolve("whole/online/rounds.jsonl")).size(),
                Files.readAllLines(killed.resolve("online/rounds.jsonl")).size());
    }

    private static List<String> inEachRound() {
        return List.of("generate", "rate", "distance", "pairs", "data", "reference", "train", "model", "eval", "report")
                .stream()
                .flatMap(stage -> Stream.of("online/round-01/" + stage, "online/round-02/" + stage))
                .toList();
    }

    /** Names an artifact of a round, or what else was written. */
    private String place(String path) {
        String[] names =
                folder.resolve("whole").relativize(Path.of(path)).toString().split("/");
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
                        Stream.of(
                                "online",
                                "--config",
                                folder.resolve("online.conf").toString()),
                        settings.flatMap(setting -> Stream.of("-D", setting)))
                .toList());
    }
}
