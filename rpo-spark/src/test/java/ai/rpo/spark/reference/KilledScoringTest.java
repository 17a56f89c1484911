package ai.rpo.spark.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.score.ScoreIdentity;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.OtherJvm;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class KilledScoringTest {

    private static final int ROWS = 20_000;
    private static final int SHARDS = 40;

    @TempDir
    Path work;

    @Test
    @Timeout(120)
    void aKilledRunLosesNoMoreThanThePartitionInFlight(SparkSession spark) throws Exception {
        Path model = RandomModel.write(work.resolve("model"), 0.2);
        spark.createDataFrame(RandomModel.pairs(ROWS).stream().map(PairRows::of).toList(), PairRows.SCHEMA)
                .repartition(SHARDS)
                .write()
                .parquet(path("rows"));

        Process scoring = start(model);
        try {
            while (scoring.isAlive() && storedFiles().size() < 3) {
                Thread.sleep(5);
            }
        } finally {
            scoring.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        }
        List<Path> left = storedFiles();
        String output = Files.readString(work.resolve("output.txt"));
        assertTrue(left.size() >= 3 && left.size() < SHARDS, () -> left.size() + " files are left. " + output);
        long known = rowsKnownFrom(spark, left, model);
        assertTrue(known >= 3 * ROWS / SHARDS, known + " rows of three partitions or more");

        ScoreStage.Result again = new ScoreStage(
                        spark,
                        LocalModel.of(model.toString(), spark.sparkContext().hadoopConfiguration()),
                        new ScoreSettings(Precision.FLOAT32, 8192),
                        new org.apache.hadoop.fs.Path(path("cache")))
                .run(
                        new ScoreStage.Request(
                                ScoredRows.PAIRS,
                                new org.apache.hadoop.fs.Path(path("rows")),
                                new org.apache.hadoop.fs.Path(path("scored")),
                                false,
                                new org.apache.hadoop.fs.Path(path("rejected")),
                                0),
                        Progress.NONE);
        assertEquals(ROWS - known, again.computed());
        assertEquals(ROWS, again.computed() + again.reused());
        assertEquals(
                ROWS,
                spark.read()
                        .parquet(path("scored"))
                        .select("ordinal")
                        .distinct()
                        .count());
    }

    private static long rowsKnownFrom(SparkSession spark, List<Path> files, Path model) {
        Set<String> keys = new HashSet<>();
        spark.read()
                .parquet(files.stream().map(Path::toString).toArray(String[]::new))
                .select("key")
                .collectAsList()
                .forEach(row -> keys.add(HexFormat.of().formatHex(row.getAs("key"))));
        String weights = ModelDirectory.open(model).weightsFingerprint();
        ScoreIdentity identity = new ScoreIdentity(weights, "", Precision.FLOAT32);
        return RandomModel.pairs(ROWS).stream()
                .map(pair -> new Example(pair.prompt(), List.of(pair.chosen(), pair.rejected())))
                .filter(example -> keys.contains(HexFormat.of().formatHex(identity.key(example))))
                .count();
    }

    private List<Path> storedFiles() throws IOException {
        Path cache = work.resolve("cache");
        if (!Files.isDirectory(cache)) {
            return List.of();
        }
        List<Path> stored = new ArrayList<>();
        Files.walkFileTree(cache, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".parquet")) {
                    stored.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE; // the other process renamed it since its folder was listed
            }
        });
        return stored;
    }

    private String path(String name) {
        return work.resolve(name).toString();
    }

    private Process start(Path model) throws IOException {
        return OtherJvm.start(
                SlowScoring.class,
                work.resolve("output.txt").toFile(),
                work.toUri().toString(),
                model.toString());
    }
}
