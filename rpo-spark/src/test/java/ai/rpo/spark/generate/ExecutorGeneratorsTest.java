package ai.rpo.spark.generate;

import ai.rpo.core.text.TemplateChoice;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Precision;
import ai.rpo.spark.device.GpuTask;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.train.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
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
}
