package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerPoolTest {

    private final AtomicInteger closed = new AtomicInteger();
    private final ThreadLocal<Lane> lanes = ThreadLocal.withInitial(() -> new Lane(countsClosing()));
    private final WorkerPool pool = new WorkerPool(3, lanes);

    private Gemm countsClosing() {
        return (Gemm) Proxy.newProxyInstance(
                Gemm.class.getClassLoader(),
                new Class<?>[] {Gemm.class},
                (proxy, method, arguments) -> closed.incrementAndGet());
    }

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

    @Test
    void aThreadThatEndsClosesWhatItHadMade() throws InterruptedException {
        List<Thread> started = new CopyOnWriteArrayList<>();
        WorkerPool brief = new WorkerPool(3, lanes, remembering(started, 2), TimeUnit.MILLISECONDS.toNanos(1));
        brief.run(50, (task, lane) -> lane.memory(0, 10));
        for (Thread helper : started) {
            helper.join();
        }
        assertEquals(2, closed.get());
        assertEquals(2, started.size());
    }

    /** The caller may then reuse the memory that tasks work on. */
    @Test
    void noTaskRunsOnceTheCallerIsToldThatAThreadCannotBeStarted() {
        List<Thread> started = new CopyOnWriteArrayList<>();
        WorkerPool poor = new WorkerPool(3, lanes, remembering(started, 1), TimeUnit.MINUTES.toNanos(1));
        AtomicInteger finished = new AtomicInteger();
        assertThrows(
                OutOfMemoryError.class,
                () -> poor.run(20, (task, lane) -> {
                    LockSupport.parkNanos(1_000_000);
                    finished.incrementAndGet();
                }));
        assertEquals(20, finished.get());
    }

    private static ThreadFactory remembering(List<Thread> started, int most) {
        return work -> {
            if (started.size() == most) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            started.add(thread);
            return thread;
        };
    }
}
