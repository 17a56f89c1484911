package ai.rpo.spark.device;

import org.apache.spark.FetchFailed;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log what an action loses while it runs, in the words of whoever waits for it. Spark does lost work again, as often as
 * {@code spark.task.maxFailures} allows.
 */
public final class LostWork extends SparkListener {

    private static final Logger LOG = LoggerFactory.getLogger(LostWork.class);

    private final String action;

    /** @param action what people wait for, at the beginning of a line */
    public LostWork(String action) {
        this.action = action;
    }

    /** Tasks that Spark ends on purpose are not lost. */
    @Override
    public void onTaskEnd(SparkListenerTaskEnd task) {
        if (task.reason() instanceof TaskFailedReason failure && !(failure instanceof TaskKilled)) {
            LOG.warn(
                    "{}: attempt {} of task {} on executor {} ({}) is lost: {}",
                    action,
                    task.taskInfo().attemptNumber() + 1,
                    task.taskInfo().index(),
                    task.taskInfo().executorId(),
                    task.taskInfo().host(),
                    reason(failure).lines().findFirst().orElse(""));
        }
    }

    private static String reason(TaskFailedReason failure) {
        return failure instanceof FetchFailed fetch ? fetch.message() : failure.toErrorString();
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved executor) {
        LOG.warn("{}: executor {} is lost: {}", action, executor.executorId(), executor.reason());
    }
}
