package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoresTest {

    @ParameterizedTest
    @CsvSource({
        "8, 8, 1, 8",
        "8, 8, 2, 4",
        "8, 8, 3, 2",
        "8, 8, 8, 1",
        "8, 8, 100, 1",
        "1, 1, 1, 1",
        "8, 8, 0, 8",
        "12, 4, 1, 4"
    })
    void tasksShareTheCoresOfAnExecutor(int total, int perExecutor, int tasks, int threads) {
        assertEquals(threads, new Cores(total, perExecutor).threads(tasks));
    }
}
