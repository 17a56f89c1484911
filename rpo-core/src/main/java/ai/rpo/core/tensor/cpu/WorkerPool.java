package ai.rpo.core.tensor.cpu;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A fixed number of threads, the caller's among them, that take the tasks of one job after the other from a counter:
 * a job of this size lasts microseconds, which an executor's queue and futures would double. Between jobs the threads
 * look out for the next for a moment before they sleep; after a minute without one they end, and start anew when
 * needed. While a job of one caller runs, other callers compute theirs alone.
 */
class WorkerPool {

    private static final long SPIN_NANOS = 30_000;
    private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** Part of a job; tasks of one job run in any order and at the same time, each with the lane of its thread. */
    @FunctionalInterface
    interface Body {
        void run(int task, Lane lane);
    }

    private final int threads;
    private final ThreadLocal<Lane> lanes;
    private final ThreadFactory factory;
    private final long idleNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final Thread[] helpers;
    private volatile Job job;

    WorkerPool(int threads, ThreadLocal<Lane> lanes) {
        this(threads, lanes, WorkerPool::daemon, IDLE_NANOS);
    }

    /** @param idleNanos after which a thread without a job ends */
    WorkerPool(int threads, ThreadLocal<Lane> lanes, ThreadFactory factory, long idleNanos) {
        this.threads = threads;
        this.lanes = lanes;
        this.factory = factory;
        this.idleNanos = idleNanos;
        helpers = new Thread[threads - 1];
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "rpo-cpu");
        thread.setDaemon(true);
        return thread;
    }

    int threads() {
        return threads;
    }

    /** The calling thread's own. */
    Lane lane() {
        return lanes.get();
    }

    /** Runs {@code body} for each of {@code 0 … tasks−1} and returns when all are done. */
    void run(int tasks, Body body) {
        if (tasks <= 1 || threads == 1 || lock.isHeldByCurrentThread() || !lock.tryLock()) {
            Lane lane = lanes.get();
            for (int task = 0; task < tasks; task++) {
                body.run(task, lane);
            }
            return;
        }
        try {
            Lane lane = lanes.get();
            Job mine = new Job(body, tasks, Thread.currentThread());
            job = mine;
            try {
                for (int i = 0; i < Math.min(helpers.length, tasks - 1); i++) {
                    wake(i);
                }
            } finally { // where a thread cannot be started, those that were may be at work on the caller's memory
                mine.work(lane);
                mine.await();
            }
        } finally {
            job = null;
            lock.unlock();
        }
    }

    private void wake(int index) {
        Thread helper = helpers[index];
        if (helper == null || !helper.isAlive()) {
            helper = factory.newThread(this::help);
            helpers[index] = helper;
            helper.start();
        } else {
            LockSupport.unpark(helper);
        }
    }

    private void help() {
        try (Lane lane = lanes.get()) {
            help(lane);
        }
    }

    private void help(Lane lane) {
        Job last = null;
        long idleSince = System.nanoTime();
        while (true) {
            Job next = job;
            if (next != null && next != last) {
                next.work(lane);
                last = next;
                idleSince = System.nanoTime();
                continue;
            }
            long idle = System.nanoTime() - idleSince;
            if (idle < SPIN_NANOS) {
                Thread.onSpinWait();
            } else if (idle < idleNanos) {
                last = null; // keeps nothing alive while asleep
                LockSupport.parkNanos(this, idleNanos - idle);
            } else {
                return;
            }
        }
    }

    private static final class Job {
        private final Body body;
        private final int tasks;
        private final Thread caller;
        private final AtomicInteger taken = new AtomicInteger();
        private final AtomicInteger finished = new AtomicInteger();
        private volatile Throwable failure;

        Job(Body body, int tasks, Thread caller) {
            this.body = body;
            this.tasks = tasks;
            this.caller = caller;
        }

        void work(Lane lane) {
            for (int task = taken.getAndIncrement(); task < tasks; task = taken.getAndIncrement()) {
                try {
                    body.run(task, lane);
                } catch (Throwable e) {
                    failure = e;
                }
                if (finished.incrementAndGet() == tasks && Thread.currentThread() != caller) {
                    LockSupport.unpark(caller);
                }
            }
        }

        void await() {
            long from = System.nanoTime();
            while (finished.get() < tasks) {
                if (System.nanoTime() - from < SPIN_NANOS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(this, SPIN_NANOS);
                }
            }
            if (failure instanceof Error error) {
                throw error;
            }
            if (failure instanceof RuntimeException exception) {
                throw exception;
            }
        }
    }
}
