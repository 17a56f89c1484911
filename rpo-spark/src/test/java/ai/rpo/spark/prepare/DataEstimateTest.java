package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.spark.SparkTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Estimates against what preparing the same data then gives. */
@SparkTest
class DataEstimateTest {

    private static final int ROWS = 20_000;
    private static final double TOLERANCE = 0.25;

    @TempDir
    Path work;

    /** Rows grow longer towards the end of the file, every tenth is blank, and a part is held out. */
    @Test
    void linesAreEstimatedFromPlacesAllOverTheFile(SparkSession spark) throws IOException {
        Path input = Files.writeString(work.resolve("rows.jsonl"), rows(ROWS));
        DataSettings settings = settings(input, 0.2);
        TargetModel model = LetterModel.write(work.resolve("model"));
        DataEstimate estimate = new PrepareStage(RowKind.PAIRS, settings, model).estimate(spark, 1000);
        Prepared prepared = new PrepareStage(RowKind.PAIRS, settings, model)
                .run(spark, hadoop("data"), hadoop("rejected"), Progress.NONE);

        assertTrue(estimate.sampled() < ROWS / 4, () -> "looked at " + estimate.sampled());
        assertClose(prepared.rowsIn(), estimate.rows());
        assertClose(prepared.trainRows(), estimate.trainRows());
        assertClose(prepared.trainTokens(), estimate.trainTokens());
        assertClose(prepared.evalRows(), estimate.evalRows());
        assertClose(prepared.evalTokens(), estimate.evalTokens());
        assertClose(bytesOfShards(), (estimate.trainRows() + estimate.evalRows()) * estimate.bytesPerRow());
        assertEquals(2, estimate.shards());
        assertTrue(estimate.secondsPerRow() > 0);
    }

    @Test
    void compressedRowsAreCountedToTheEnd(SparkSession spark) throws IOException {
        Path input = work.resolve("rows.jsonl.gz");
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(input))) {
            out.write(rows(3000).getBytes(StandardCharsets.UTF_8));
        }
        TargetModel model = LetterModel.write(work.resolve("model"));
        DataEstimate estimate = new PrepareStage(RowKind.PAIRS, settings(input, 0), model).estimate(spark, 100);
        assertEquals(3000, estimate.rows());
        assertTrue(estimate.sampled() < 200);
    }

    /** Each prompt has a good and a bad completion. */
    @Test
    void unpairedRowsAreTakenForHalfAsManyPairs(SparkSession spark) throws IOException {
        Random random = new Random(6);
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 4000; i++) {
            String prompt = text(random, 4);
            for (boolean label : new boolean[] {true, false}) {
                rows.add("{\"prompt\": \"%s\", \"completion\": \"%s\", \"label\": %s}"
                        .formatted(prompt, (label ? "x" : "y") + text(random, 3), label));
            }
        }
        DataSettings settings = settings(Files.write(work.resolve("rows.jsonl"), rows), 0);
        TargetModel model = LetterModel.write(work.resolve("model"));
        DataEstimate estimate = new PrepareStage(RowKind.PAIRS, settings, model).estimate(spark, 500);
        assertClose(8000, estimate.rows());
        assertClose(4000, estimate.trainRows());
        assertClose(4000 * 15, estimate.trainTokens());
    }

    private static void assertClose(double actual, double estimate) {
        assertEquals(actual, estimate, TOLERANCE * actual);
    }

    private static String rows(int count) {
        Random random = new Random(5);
        return IntStream.range(0, count)
                .mapToObj(i -> i % 10 == 9
                        ? ""
                        : "{\"prompt\": \"%s\", \"chosen\": \"%s\", \"rejected\": \"%s\"}"
                                .formatted(
                                        text(random, 3),
                                        "x" + text(random, 1 + 3 * i / count),
                                        "y" + text(random, 1 + 2 * i / count)))
                .map(row -> row + "\n")
                .collect(Collectors.joining());
    }

    private static String text(Random random, int length) {
        return random.ints(length, 'a', 'z' + 1)
                .mapToObj(c -> String.valueOf((char) c))
                .collect(Collectors.joining());
    }

    private static DataSettings settings(Path input, double evalFraction) {
        return PlainSettings.of(input).evalFraction(evalFraction).build();
    }

    private long bytesOfShards() throws IOException {
        try (Stream<Path> files = Files.walk(work.resolve("data"))) {
            return files.filter(file -> file.toString().endsWith(".parquet"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private org.apache.hadoop.fs.Path hadoop(String name) {
        return new org.apache.hadoop.fs.Path(work.resolve(name).toString());
    }
}
