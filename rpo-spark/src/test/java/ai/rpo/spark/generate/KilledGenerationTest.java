package ai.rpo.spark.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.spark.OtherJvm;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class KilledGenerationTest {

    private static final int PROMPTS = 3000;
    private static final int SHARDS = 12;

    @TempDir
    private Path work;

    @Test
    @Timeout(180)
    void whatAKilledRunFinishedIsKeptAndTheRestIsAsIfNothingHadHappened(SparkSession spark) throws Exception {
        Path model = RandomModel.write(work.resolve("model"), 0.5);
        Random random = new Random(3);
        Path prompts = Files.write(
                work.resolve("prompts.jsonl"),
                IntStream.range(0, PROMPTS)
                        .mapToObj(i -> random.ints(1 + random.nextInt(6), 3, 19).toArray())
                        .map(ids -> "{\"prompt_ids\": " + Arrays.toString(ids) + "}")
                        .toList());

        Process generating = OtherJvm.start(
                SlowGeneration.class,
                work.resolve("output.txt").toFile(),
                model.toString(),
                prompts.toString(),
                work.resolve("killed").toString());
        try {
            while (generating.isAlive() && shards("killed").size() < 2) {
                Thread.sleep(5);
            }
        } finally {
            generating.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        }
        Map<String, String> left = shards("killed");
        String output = Files.readString(work.resolve("output.txt"));
        assertTrue(left.size() >= 2 && left.size() < SHARDS, () -> left.size() + " shards are left. " + output);
        Map<String, Long> written = times(left);

        AtomicLong toDo = new AtomicLong();
        GenerateStage.Result again = SlowGeneration.run(
                spark,
                model.toString(),
                prompts.toString(),
                work.resolve("killed").toString(),
                (what, done, total) -> toDo.set(total));
        SlowGeneration.run(
                spark,
                model.toString(),
                prompts.toString(),
                work.resolve("whole").toString(),
                Progress.NONE);

        assertEquals(PROMPTS, again.completions());
        assertTrue(toDo.get() > 0 && toDo.get() < PROMPTS, toDo.get() + " completions were left to do");
        assertEquals(written, times(left), "what was finished is left alone");
        assertEquals(shards("whole"), shards("killed"));
    }

    private Map<String, Long> times(Map<String, String> shards) throws IOException {
        Map<String, Long> times = new TreeMap<>();
        for (String shard : shards.keySet()) {
            times.put(
                    shard,
                    Files.getLastModifiedTime(work.resolve("killed/completions").resolve(shard))
                            .toMillis());
        }
        return times;
    }

    /** Contents of the finished shards. */
    private Map<String, String> shards(String output) throws IOException {
        Path folder = work.resolve(output).resolve("completions");
        Map<String, String> contents = new TreeMap<>();
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                List<Path> shards = files.filter(
                                file -> file.getFileName().toString().matches("part-\\d+\\.jsonl"))
                        .toList();
                for (Path shard : shards) {
                    contents.put(shard.getFileName().toString(), Files.readString(shard));
                }
            }
        }
        return contents;
    }
}
