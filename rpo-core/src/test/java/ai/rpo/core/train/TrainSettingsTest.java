package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.train.TrainSettings.Optimizer;
import ai.rpo.core.train.TrainSettings.Schedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainSettingsTest {

    @Test
    void reportsEveryProblemAtOnce() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> new TrainSettings(
                                0,
                                -1,
                                0,
                                false,
                                Double.NaN,
                                1.5,
                                Schedule.COSINE,
                                Optimizer.ADAMW,
                                TrainSettings.OptimizerDevice.AUTO,
                                -0.1,
                                Double.POSITIVE_INFINITY,
                                -1,
                                true,
                                1,
                                0,
                                0,
                                -1,
                                -2,
                                0,
                                OuterSettings.average(),
                                WorkerResources.OF_ANY_TASK))
                .getMessage();
        assertEquals("""
                epochs must be at least 1, but is 0
                pairs-per-batch must be at least 1, but is -1
                tokens-per-micro-batch must be at least 1, but is 0
                workers must be at least 1, but is 0
                averaging-frequency must be at least 1, but is 0
                keep-checkpoints must be at least 1, but is 0
                worker-timeout must be at least 0, but is -1
                checkpoint-every must be at least 0, but is -2
                learning-rate must be at least 0, but is NaN
                weight-decay must be at least 0, but is -0.1
                max-grad-norm must be at least 0, but is Infinity
                router-aux-loss-coef must be at least 0, but is -1.0
                warmup-ratio must lie between 0 and 1, but is 1.5""", message);
    }

    /** S = epochs·⌈N/(w·B)⌉. */
    @ParameterizedTest
    @CsvSource({
        "256, 1, 16, 3, 48",
        "257, 1, 16, 3, 51",
        "1, 4, 8, 2, 2",
        "100, 3, 8, 1, 5",
        "6000000000, 2, 1, 4, 12000000000"
    })
    void totalStepsDropNothing(long pairs, int workers, int pairsPerBatch, int epochs, long steps) {
        TrainSettings settings = TrainSettingsFixture.constantRate(1)
                .workers(workers, 1)
                .pairsPerBatch(pairsPerBatch)
                .epochs(epochs)
                .build();
        assertEquals(steps, settings.totalSteps(pairs));
    }

    /** W = ⌊ratio·S⌋, of the ratio as it was written: 0.29·100 is 28.999999999999996 in binary. */
    @ParameterizedTest
    @CsvSource({"0.1, 48, 4", "0.29, 100, 29", "0, 10, 0", "1, 10, 10", "0.5, 1, 0"})
    void warmupStepsRoundDown(double ratio, long totalSteps, int warmup) {
        var schedule = LearningRateSchedule.of(
                TrainSettingsFixture.constantRate(1).cosine(ratio).build(), totalSteps);
        for (int step = 0; step < warmup; step++) {
            assertEquals((step + 1.0) / warmup, schedule.at(step), 1e-15, "step " + step);
        }
        if (warmup < totalSteps) {
            assertEquals(1, schedule.at(warmup), "the fall begins after " + warmup + " steps");
        }
    }
}
