package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerPoolTest {

    private final WorkerPool pool = new WorkerPool(3, ThreadLocal.withInitial(() -> new Lane(null)));

    @Test
    void everyTaskRunsOnce() {
        for (int tasks = 0; tasks < 200; tasks++) {
            AtomicIntegerArray runs = new AtomicIntegerArray(200);
            pool.run(tasks, (task, lane) -> runs.incrementAndGet(task));
            for (int i = 0; i < 200; i++) {
                assertEquals(i < tasks ? 1 : 0, runs.get(i));
            }
        }
    }

    @Test
    void callersOfSeveralThreadsDoNotWaitForEachOther() throws InterruptedException {
        AtomicInteger sum = new AtomicInteger();
        Thread[] callers = new Thread[4];
        for (int i = 0; i < callers.length; i++) {
            callers[i] = new Thread(() -> {
                for (int round = 0; round < 500; round++) {
                    pool.run(7, (task, lane) -> sum.addAndGet(task));
                }
            });
            callers[i].start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        assertEquals(4 * 500 * 21, sum.get());
    }

    @Test
    void aTaskMayRunTasks() {
        AtomicInteger runs = new AtomicInteger();
        pool.run(5, (outer, lane) -> pool.run(5, (inner, sameLane) -> runs.incrementAndGet()));
        assertEquals(25, runs.get());
    }

    @Test
    void failuresReachTheCallerAndThePoolGoesOn() {
        IllegalStateException failure = new IllegalStateException("no");
        IllegalStateException caught = assertThrows(
                IllegalStateException.class,
                () -> pool.run(50, (task, lane) -> {
                    if (task == 31) {
                        throw failure;
                    }
                }));
        assertSame(failure, caught);
        everyTaskRunsOnce();
    }
}
