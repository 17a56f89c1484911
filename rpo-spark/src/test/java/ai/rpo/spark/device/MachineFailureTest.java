package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MachineFailureTest {

    /** As Spark 3.5 words it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, most recent failure: Lost task 0.3 in"
                        + " stage 3.0 (TID 9) (10.0.0.7 executor 2): ExecutorLostFailure (executor 2 exited)",
                "Job aborted due to stage failure: ShuffleMapStage 4 has failed the maximum allowable number of times: 4."
                        + " Most recent failure reason: org.apache.spark.shuffle.MetadataFetchFailedException: Missing",
                "Job 7 cancelled because SparkContext was shut down",
                "Lost task 1.3 in stage 0.0: java.io.IOException: No space left on device",
                "Lost task 1.3 in stage 0.0: ai.rpo.spark.train.PlacedChunks$LostBlockException: block broadcast_1 is lost",
                "Lost task 0.0 in stage 2.0 (TID 5) (h executor driver): ai.rpo.core.tensor.cuda.LostDeviceException: Cannot run"
                        + " norm.rms on NVIDIA H100: an illegal memory access was encountered (CUDA_ERROR_ILLEGAL_ADDRESS)",
            })
    void whatSparkSaysOfMachines(String message) {
        assertTrue(MachineFailure.isCauseOf(new IllegalStateException(new SparkException(message))));
    }

    @Test
    void whatAStoreSays() {
        assertTrue(MachineFailure.isCauseOf(new RuntimeException(new FileNotFoundException("gone"))));
    }

    @Test
    void aProgramsOwnFailureIsNone() {
        assertFalse(MachineFailure.isCauseOf(new NullPointerException()));
        assertFalse(MachineFailure.isCauseOf(new SparkException(
                "Job aborted due to stage failure: Lost task 0.3: java.lang.ArithmeticException: / by zero")));
    }
}
