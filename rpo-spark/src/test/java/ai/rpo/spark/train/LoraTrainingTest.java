package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ExportForm;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.dataset.PairRows;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.store.Fence;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters under parameter averaging. */
@SparkTest
class LoraTrainingTest {

    private static final LoraSettings LORA =
            new LoraSettings(2, 8, 0.3, List.of("q_proj", "v_proj", "down_proj"), true);
    private static final int PAIRS = 11;
    private static SparkSession spark;

    @TempDir
    private Path work;

    @BeforeEach
    void inputs() throws IOException {
        RandomModel.write(work.resolve("base"), 0.2);
        spark.createDataFrame(
                        RandomModel.scored(PAIRS).stream().map(PairRows::of).toList(), PairRows.SCHEMA)
                .repartition(3)
                .write()
                .parquet(work.resolve("rows").toString());
    }

    /** What is dropped depends on the pair and the step alone, so it is the same whoever computes it. */
    @Test
    void twoWorkersWithSgdAreOneOnTheJoinedBatchUnderDropoutToo() {
        run("base", "two", LORA, settings(TrainSettings.Optimizer.SGD, 2, 2), ExportForm.Kind.FULL, Progress.NONE);
        run("base", "one", LORA, settings(TrainSettings.Optimizer.SGD, 1, 4), ExportForm.Kind.FULL, Progress.NONE);
        assertArrayEquals(weights("one-model"), weights("two-model"), 1e-6f);
    }

    @Test
    void onlyTheAdapterIsTrainedAndKept() throws IOException {
        TrainSettings settings = settings(TrainSettings.Optimizer.ADAMW, 2, 2);
        TrainStage stage = run("base", "a", LORA, settings, ExportForm.Kind.ADAPTER, Progress.NONE);

        ModelDirectory adapter = ModelDirectory.open(work.resolve("a-model"));
        assertEquals(2, adapter.adapter().orElseThrow().lora().rank());
        try (Stream<Path> checkpoints = Files.walk(work.resolve("a/checkpoints"))) {
            assertTrue(checkpoints.noneMatch(file -> file.endsWith("model.safetensors")));
        }

        stage.export(request("a", "again", ExportForm.Kind.FULL));
        assertFalse(ModelDirectory.open(work.resolve("again")).adapter().isPresent());
        assertArrayEquals(weights("a-model"), weights("again"), "merged when read, and merged when written");

        float[] base = weights("base");
        float[] trained = weights("again");
        ParameterLayout layout = ParameterLayout.of(adapter.config());
        for (ParameterLayout.Entry entry : layout.entries()) {
            boolean changed = false;
            for (long i = entry.offset(); i < entry.offset() + entry.size(); i++) {
                changed |= base[(int) i] != trained[(int) i];
            }
            assertEquals(entry.name().matches(".*(q_proj|v_proj|down_proj).weight"), changed, entry.name());
        }
    }

    @Test
    void goesOnWhereAnInterruptedRunStopped() {
        TrainSettings settings = settings(TrainSettings.Optimizer.ADAMW, 2, 2);
        run("base", "whole", LORA, settings, ExportForm.Kind.FULL, Progress.NONE);
        Progress power = (what, done, total) -> {
            if (done > settings.stepsPerEpoch(PAIRS)) {
                throw new InternalError("power cut");
            }
        };
        assertThrows(InternalError.class, () -> run("base", "cut", LORA, settings, ExportForm.Kind.FULL, power));
        run("base", "cut", LORA, settings, ExportForm.Kind.FULL, Progress.NONE);
        assertArrayEquals(weights("whole-model"), weights("cut-model"));
    }

    @Test
    void anAdapterIsTrainedFurtherIfItIsTheSameKind() {
        TrainSettings settings = settings(TrainSettings.Optimizer.ADAMW, 1, 4);
        run("base", "first", LORA, settings, ExportForm.Kind.ADAPTER, Progress.NONE);
        float[] before = weights("first-model");
        run("first-model", "second", LORA, settings, ExportForm.Kind.ADAPTER, Progress.NONE);
        assertFalse(Arrays.equals(before, weights("second-model")));

        LoraSettings other = new LoraSettings(3, 8, 0.3, LORA.targetModules(), true);
        RpoException refused = assertThrows(
                RpoException.class,
                () -> run("first-model", "third", other, settings, ExportForm.Kind.ADAPTER, Progress.NONE));
        assertTrue(refused.getMessage().contains("rpo.lora.rank is 3, the adapter's 2"), refused.getMessage());
    }

    private TrainStage run(
            String start,
            String name,
            LoraSettings lora,
            TrainSettings settings,
            ExportForm.Kind form,
            Progress progress) {
        LocalModel model = LocalModel.of(
                work.resolve(start).toString(), spark.sparkContext().hadoopConfiguration());
        RpoObjective loss = RpoObjective.paper(0.1, 0.5);
        TrainStage stage = new TrainStage(spark, model, lora, loss, settings, Precision.FLOAT32);
        stage.run(request(name, name + "-model", form), progress);
        return stage;
    }

    private TrainStage.Request request(String name, String model, ExportForm.Kind form) {
        return new TrainStage.Request(
                hadoop("rows"),
                hadoop(name),
                hadoop(model),
                new ExportForm(form, Dtype.F32, 1_000_000),
                name,
                false,
                Map.of(),
                CheckpointChoice.LAST,
                Fence.NONE);
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

    private org.apache.hadoop.fs.Path hadoop(String name) {
        return new org.apache.hadoop.fs.Path(work.resolve(name).toUri());
    }

    private static TrainSettings settings(TrainSettings.Optimizer optimizer, int workers, int pairsPerBatch) {
        return new TrainSettings(
                2,
                pairsPerBatch,
                20,
                false,
                0.05,
                0.1,
                TrainSettings.Schedule.COSINE,
                optimizer,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                0,
                0,
                false,
                7,
                workers,
                1,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
    }
}
