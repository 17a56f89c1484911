package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.train.TrainSettings.Schedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LearningRateScheduleTest {

    /** From a PyTorch run: peak 2e-4, 48 steps, warm-up ratio 0.1, hence 4 steps of it. */
    @ParameterizedTest
    @CsvSource({
        "0, 5e-05",
        "2, 0.00015",
        "3, 0.0002",
        "4, 0.0002",
        "5, 0.00019974521146102537",
        "26, 0.0001",
        "31, 6.505358204009017e-05",
        "47, 2.547885389746485e-07"
    })
    void cosineIsThatOfAPyTorchRun(int step, double expected) {
        assertEquals(expected, new LearningRateSchedule(2e-4, 4, 48, Schedule.COSINE).at(step), 1e-18);
    }

    @ParameterizedTest
    @CsvSource({"0, 0.5", "1, 1", "2, 1", "3, 0.75", "4, 0.5", "5, 0.25"})
    void linearFallsToOneShareOfTheLastStep(int step, double expected) {
        assertEquals(expected, new LearningRateSchedule(1, 2, 6, Schedule.LINEAR).at(step), 1e-15);
    }

    @Test
    void constantStaysAtThePeak() {
        LearningRateSchedule schedule = new LearningRateSchedule(3, 2, 6, Schedule.CONSTANT);
        assertEquals(1.5, schedule.at(0));
        assertEquals(3, schedule.at(5));
    }

    @ParameterizedTest
    @EnumSource(Schedule.class)
    void withoutWarmupTheFirstStepIsThePeak(Schedule decay) {
        assertEquals(2, new LearningRateSchedule(2, 0, 5, decay).at(0));
    }

    @ParameterizedTest
    @EnumSource(Schedule.class)
    void allWarmupRisesToThePeak(Schedule decay) {
        LearningRateSchedule schedule = new LearningRateSchedule(2, 4, 4, decay);
        assertEquals(0.5, schedule.at(0));
        assertEquals(2, schedule.at(3));
    }
}
