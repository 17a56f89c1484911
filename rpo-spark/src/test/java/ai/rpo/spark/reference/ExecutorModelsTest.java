package ai.rpo.spark.reference;

import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.Backends;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.GpuTask;
import ai.rpo.spark.device.LoadedWeights;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorModelsTest {

    @TempDir
    private Path work;

    private final ExecutorModels models = ExecutorModels.ofThisJvm();
    private LocalModel model;

    @BeforeEach
    void aModelOfItsOwn() throws IOException {
        model = LocalModel.of(RandomModel.write(work.resolve("model"), 0.2).toString(), new Configuration());
    }

    @AfterEach
    void leaveNothingBehind() {
        models.release();
    }

    @Test
    void theModelThatScoresIsTheOneThatAnAdapterIsTrainedOver() throws IOException {
        ReferenceScorer scorer = models.borrow(model, Precision.FLOAT32, 1);
        assertTrue(scorer.uses(weights(model)));
        models.giveBack(scorer);
        assertSame(scorer, models.borrow(model, Precision.FLOAT32, 1));

        LocalModel other =
                LocalModel.of(RandomModel.write(work.resolve("other"), 0.3).toString(), new Configuration());
        assertNotSame(weights(model), weights(other));
    }

    @Test
    void weightsGoWithTheLastWhoHasThem() throws InterruptedException {
        models.giveBack(models.borrow(model, Precision.FLOAT32, 1));
        WeakReference<Parameters> weights = new WeakReference<>(weights(model));
        models.release();
        for (int i = 0; i < 100 && weights.get() != null; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertNull(weights.get());
    }

    @Test
    void aScorerThatComesBackAfterTheModelWasLetGoIsNotKept() {
        ReferenceScorer scorer = models.borrow(model, Precision.FLOAT32, 1);
        models.release();
        models.giveBack(scorer);
        assertNotSame(scorer, models.borrow(model, Precision.FLOAT32, 1));
    }

    @Test
    void theGpuOfTheTaskIsClaimedFirst() {
        try (GpuTask task = new GpuTask("0", "1")) {
            RpoException refused = assertThrows(RpoException.class, () -> models.borrow(model, Precision.FLOAT32, 1));
            assertTrue(refused.getMessage().contains("2 GPUs"), refused.getMessage());
        }
    }

    private static Parameters weights(LocalModel model) {
        return LoadedWeights.ofThisJvm().of(model, Backends.create(Precision.FLOAT32, 1));
    }
}
