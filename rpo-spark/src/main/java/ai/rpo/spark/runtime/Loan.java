package ai.rpo.spark.runtime;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.TaskFailureListener;

/**
 * Gives one task a worker until the task closes the loan. A worker whose task did not say that it {@link #finished} was left
 * in the middle of something, and is not lent again.
 */
public final class Loan<W> implements AutoCloseable {

    private final W worker;
    private final Consumer<Boolean> giveBack;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean finished;

    /** @param giveBack told whether the worker may be lent again */
    Loan(W worker, Consumer<Boolean> giveBack) {
        this.worker = worker;
        this.giveBack = giveBack;
    }

    public W worker() {
        return worker;
    }

    /** Says that another task may have the worker next. */
    public void finished() {
        finished = true;
    }

    /** Closes when the task of this thread ends; where it fails, the worker is not lent again. */
    public Loan<W> untilTaskEnds() {
        AtomicBoolean failed = new AtomicBoolean();
        TaskContext task = TaskContext.get();
        task.addTaskFailureListener((TaskFailureListener) (context, why) -> failed.set(true));
        task.addTaskCompletionListener((TaskCompletionListener) context -> {
            finished = !failed.get();
            close();
        });
        return this;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            giveBack.accept(finished);
        }
    }
}
