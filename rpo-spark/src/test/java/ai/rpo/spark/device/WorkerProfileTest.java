package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.train.WorkerResources;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.junit.jupiter.api.Test;

class WorkerProfileTest {

    @Test
    void whereNothingIsAskedRowsStayAsTheyAre() {
        JavaRDD<Integer> none = null;
        assertNull(WorkerProfile.of(WorkerResources.OF_ANY_TASK, cluster("local[2]"))
                .applyTo(none));
    }

    @Test
    void aMachineOfItsOwnCannotTellItsTasksApart() {
        refused(new WorkerResources(2, 0), cluster("local[2]"), "local[2] has no executors to choose from");
    }

    @Test
    void aWorkerRunsInOneExecutor() {
        SparkConf small = cluster("spark://master:7077").set("spark.executor.cores", "2");
        WorkerProfile.of(new WorkerResources(2, 0), small);
        refused(new WorkerResources(3, 0), small, "spark.executor.cores is 2");
    }

    @Test
    void aGpuMustBeThere() {
        SparkConf cluster = cluster("spark://master:7077");
        refused(new WorkerResources(0, 1), cluster, "executors have no GPU");
        WorkerProfile.of(new WorkerResources(0, 1), cluster.set("spark.executor.resource.gpu.amount", "1"));
    }

    @Test
    void aWorkerUsesOneGpu() {
        assertThrows(IllegalArgumentException.class, () -> new WorkerResources(1, 2));
    }

    private static void refused(WorkerResources wanted, SparkConf cluster, String why) {
        RpoException refused = assertThrows(RpoException.class, () -> WorkerProfile.of(wanted, cluster));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }

    private static SparkConf cluster(String master) {
        return new SparkConf(false).setMaster(master);
    }
}
