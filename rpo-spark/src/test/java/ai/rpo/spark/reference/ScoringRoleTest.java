package ai.rpo.spark.reference;

import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.GpuTask;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import ai.rpo.spark.runtime.Role;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoringRoleTest {

    @TempDir
    private Path work;

    private final ExecutorRuntime runtime = ExecutorRuntime.ofThisJvm();
    private LocalModel model;

    @BeforeEach
    void aModelOfItsOwn() throws IOException {
        model = LocalModel.of(RandomModel.write(work.resolve("model"), 0.2).toString(), new Configuration());
    }

    @AfterEach
    void leaveNothingBehind() {
        runtime.letGo(Role.Kind.SCORE);
    }

    @Test
    void theModelThatScoresIsTheOneThatAnAdapterIsTrainedOver() throws IOException {
        ReferenceScorer scorer = lentAndGivenBack();
        assertTrue(scorer.uses(weights(model)));
        assertSame(scorer, lentAndGivenBack());

        LocalModel other =
                LocalModel.of(RandomModel.write(work.resolve("other"), 0.3).toString(), new Configuration());
        assertNotSame(weights(model), weights(other));
    }

    @Test
    void weightsGoWithTheLastWhoHasThem() throws InterruptedException {
        lentAndGivenBack();
        WeakReference<Parameters> weights = new WeakReference<>(weights(model));
        runtime.letGo(Role.Kind.SCORE);
        runtime.letGo(Role.Kind.GENERATE); // another test's may be of an equal model
        for (int i = 0; i < 100 && weights.get() != null; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertNull(weights.get());
    }

    @Test
    void aScorerThatComesBackAfterTheModelWasLetGoIsNotKept() {
        ReferenceScorer scorer;
        try (Loan<ReferenceScorer> loan = borrow()) {
            scorer = loan.worker();
            runtime.letGo(Role.Kind.SCORE);
            loan.finished();
        }
        assertNotSame(scorer, lentAndGivenBack());
    }

    @Test
    void theGpuOfTheTaskIsClaimedFirst() {
        try (GpuTask task = new GpuTask("0", "1")) {
            RpoException refused = assertThrows(RpoException.class, this::borrow);
            assertTrue(refused.getMessage().contains("2 GPUs"), refused.getMessage());
        }
    }

    private Loan<ReferenceScorer> borrow() {
        return runtime.borrow(new ScoringRole(model, Precision.FLOAT32, 1));
    }

    private ReferenceScorer lentAndGivenBack() {
        try (Loan<ReferenceScorer> loan = borrow()) {
            loan.finished();
            return loan.worker();
        }
    }

    private Parameters weights(LocalModel model) {
        return runtime.weights().of(model, Backends.create(Precision.FLOAT32, 1));
    }
}
