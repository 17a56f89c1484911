package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.spark.OtherJvm;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.PairRows;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A driver in a JVM of its own, killed with SIGKILL in the middle of training; the same command goes on. */
@SparkTest
class KilledTrainingTest {

    @TempDir
    Path work;

    @ParameterizedTest
    @CsvSource({"1, 0", "2, 1e-6"})
    @Timeout(180)
    void endsWithTheSameWeightsAndMetrics(int workers, float tolerance, SparkSession spark) throws Exception {
        String model = RandomModel.write(work.resolve("start"), 0.2).toString();
        String rows = work.resolve("rows").toString();
        spark.createDataFrame(RandomModel.scored(23).stream().map(PairRows::of).toList(), PairRows.SCHEMA)
                .write()
                .parquet(rows);

        Process driver = start(rows, model, workers);
        FutureTask<Boolean> killed = new FutureTask<>(() -> killInsideAnEpoch(driver));
        new Thread(killed).start();
        SlowTraining.train(spark, rows, model, work.resolve("whole").toString(), workers, Progress.NONE);
        assertTrue(killed.get());
        assertTrue(!Files.exists(work.resolve("killed-model")), () -> "it was not killed in time");
        TrainStage.Result result =
                SlowTraining.train(spark, rows, model, work.resolve("killed").toString(), workers, Progress.NONE);

        assertTrue(result.resumedAt() > 0 && result.resumedAt() < result.steps(), result.toString());
        assertArrayEquals(weights("whole-model"), weights("killed-model"), tolerance);
        List<JsonNode> expected = metrics("whole");
        List<JsonNode> actual = metrics("killed");
        assertEquals(result.steps(), actual.size());
        for (int i = 0; i < actual.size(); i++) {
            for (String name : List.of("step", "epoch", "learning_rate", "loss", "grad_norm", "logps/chosen")) {
                double value = expected.get(i).get(name).asDouble();
                assertEquals(
                        value,
                        actual.get(i).get(name).asDouble(),
                        tolerance * (1 + Math.abs(value)),
                        name + " of step " + (i + 1));
            }
        }
    }

    private boolean killInsideAnEpoch(Process driver) throws IOException, InterruptedException {
        try {
            while (driver.isAlive() && !hasCheckpointInsideAnEpoch()) {
                Thread.sleep(5);
            }
        } finally {
            driver.destroyForcibly();
        }
        return driver.waitFor(30, TimeUnit.SECONDS);
    }

    private boolean hasCheckpointInsideAnEpoch() throws IOException {
        Path checkpoints = work.resolve("killed/checkpoints");
        if (!Files.isDirectory(checkpoints)) {
            return false;
        }
        try (Stream<Path> folders = Files.list(checkpoints)) {
            return folders.anyMatch(folder -> Files.exists(folder.resolve("training_state.json"))
                    && Integer.parseInt(folder.getFileName().toString().substring("step-".length())) > 4);
        }
    }

    private Process start(String rows, String model, int workers) throws IOException {
        return OtherJvm.start(
                SlowTraining.class,
                work.resolve("output.txt").toFile(),
                rows,
                model,
                work.resolve("killed").toString(),
                Integer.toString(workers));
    }

    private List<JsonNode> metrics(String run) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(work.resolve(run).resolve("metrics.jsonl"))) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }

    private float[] weights(String folder) {
        ModelDirectory model = ModelDirectory.open(work.resolve(folder));
        ParameterLayout layout = ParameterLayout.of(model.config());
        float[] weights = new float[Math.toIntExact(layout.size())];
        for (ParameterLayout.Entry entry : layout.entries()) {
            model.weights().read(entry, 0, FloatBuffer.wrap(weights, (int) entry.offset(), (int) entry.size()));
        }
        return weights;
    }
}
