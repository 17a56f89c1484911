package ai.rpo.spark.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.GpuTask;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.runtime.ExecutorRuntime;
import ai.rpo.spark.runtime.Loan;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratingRoleTest {

    @TempDir
    private Path work;

    private LocalModel model;

    @BeforeEach
    void aModelOfItsOwn() throws IOException {
        model = LocalModel.of(RandomModel.write(work, 0.2).toString(), new Configuration());
    }

    @Test
    void aFinishedGeneratorIsLentAgainAndOneLeftInItsWorkIsNot() {
        Generator left = lent(false);
        Generator finished = lent(true);
        assertNotSame(left, finished);
        assertSame(finished, lent(true));
    }

    @Test
    void theModelSaysWhatEndsCompletionsWhereThereIsNoTokenizer() {
        try (Loan<GeneratingRole.Worker> loan = borrow()) {
            Collection<Integer> ends = loan.worker().eosIds();
            assertEquals(List.of(2), List.copyOf(ends));
        }
    }

    @Test
    void theGpuOfTheTaskIsClaimedFirst() {
        try (GpuTask task = new GpuTask("0", "1")) {
            RpoException refused = assertThrows(RpoException.class, this::borrow);
            assertTrue(refused.getMessage().contains("2 GPUs"), refused.getMessage());
        }
    }

    private Generator lent(boolean finished) {
        try (Loan<GeneratingRole.Worker> loan = borrow()) {
            if (finished) {
                loan.finished();
            }
            return loan.worker().generator();
        }
    }

    private Loan<GeneratingRole.Worker> borrow() {
        return ExecutorRuntime.ofThisJvm()
                .borrow(new GeneratingRole(model, TemplateChoice.USUAL, Precision.FLOAT32, 1, 1));
    }
}
