package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.spark.SparkTest;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@SparkTest
class PolledProgressTest {

    /** Static, since a task has a copy of everything else. */
    private static final CountDownLatch SEEN = new CountDownLatch(1);

    @Test
    @Timeout(60)
    void movesWhileATaskRunsAndEndsAtTheTotal(SparkSession spark) {
        LongAccumulator done = spark.sparkContext().longAccumulator("done");
        List<Long> reported = new CopyOnWriteArrayList<>();
        try (PolledProgress progress = new PolledProgress(
                spark.sparkContext(),
                (what, value, total) -> {
                    reported.add(value);
                    if (value == 3) {
                        SEEN.countDown();
                    }
                },
                "test",
                done,
                10)) {
            boolean seen = JavaSparkContext.fromSparkContext(spark.sparkContext())
                    .parallelize(List.of(0), 1)
                    .map(row -> {
                        done.add(3);
                        boolean seenWhileRunning = SEEN.await(30, TimeUnit.SECONDS);
                        done.add(7);
                        return seenWhileRunning;
                    })
                    .first();
            assertTrue(seen, () -> "reports: " + reported);
        }
        assertEquals(10, reported.get(reported.size() - 1));
    }
}
