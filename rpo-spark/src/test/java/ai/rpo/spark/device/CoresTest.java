package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
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
        assertEquals(threads, new Cores(total, perExecutor, 1).threads(tasks));
    }

    /** Four executors of eight cores, each for one task. */
    @Test
    void aTaskUsesTheCoresThatSparkSetsAsideForIt() {
        SparkConf conf = new SparkConf(false)
                .set("spark.executor.instances", "4")
                .set("spark.executor.cores", "8")
                .set("spark.task.cpus", "8");
        Cores cores = Cores.of(conf, 32);
        assertEquals(4, cores.slots());
        assertEquals(8, cores.threads(1));
        assertEquals(8, cores.threads(128));
        assertEquals(cores, cores.forTasksOf(0));
        assertEquals(4, cores.forTasksOf(4).threads(128), "as rpo.train.resources may ask");
    }

    @Test
    void executorsThatAreOnTheirWayCount() {
        SparkConf conf =
                new SparkConf(false).set("spark.executor.instances", "4").set("spark.executor.cores", "8");
        assertEquals(8, Cores.of(conf, 8).threads(4));
        assertEquals(new Cores(2, 2, 1), Cores.of(new SparkConf(false), 2));
    }
}
