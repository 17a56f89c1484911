package ai.rpo.spark.generate;

import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.generate.Completion;
import ai.rpo.core.generate.Generator;
import ai.rpo.core.generate.SamplingSettings;
import ai.rpo.core.generate.StopRule;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.device.GpuTask;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorGeneratorsTest {

    @Test
    void theGpuOfTheTaskIsClaimedFirst(@TempDir Path work) throws IOException {
        LocalModel model = LocalModel.of(RandomModel.write(work, 0.2).toString(), new Configuration());
        try (GpuTask task = new GpuTask("0", "1")) {
            RpoException refused = assertThrows(RpoException.class, () -> ExecutorGenerators.ofThisJvm()
                    .borrow(model, TemplateChoice.USUAL, Precision.FLOAT32, 1, 1));
            assertTrue(refused.getMessage().contains("2 GPUs"), refused.getMessage());
        }
    }

    @Test
    void aGeneratorLeftInItsWorkIsClosedAndAFinishedOneIsLentAgain(@TempDir Path work) throws IOException {
        LocalModel model = LocalModel.of(RandomModel.write(work, 0.2).toString(), new Configuration());
        Generator left;
        Iterator<Completion> underWay;
        try (ExecutorGenerators.Loan loan = borrow(model)) {
            left = loan.generator();
            underWay = left.generate(
                    List.of(new Generator.Request(new int[] {5, 6}, 1)).iterator(),
                    SamplingSettings.atTemperature(1, 20),
                    List.of(),
                    StopRule.NONE);
        }
        Generator finished;
        try (ExecutorGenerators.Loan loan = borrow(model)) {
            finished = loan.generator();
            assertNotSame(left, finished);
            loan.finished();
        }
        try (ExecutorGenerators.Loan loan = borrow(model)) {
            assertSame(finished, loan.generator());
        }
        assertTrue(underWay.hasNext(), "nobody went on with it");
    }

    private static ExecutorGenerators.Loan borrow(LocalModel model) {
        return ExecutorGenerators.ofThisJvm().borrow(model, TemplateChoice.USUAL, Precision.FLOAT32, 1, 1);
    }
}
