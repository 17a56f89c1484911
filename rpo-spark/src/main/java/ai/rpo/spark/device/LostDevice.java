package ai.rpo.spark.device;

import ai.rpo.core.tensor.cuda.LostDeviceException;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskFailureListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends an executor that has lost its device: no task could compute in that JVM any more, while another one may find the
 * device in order. The tasks are then given to others, as after any loss of an executor.
 */
public final class LostDevice {

    private static final Logger LOG = LoggerFactory.getLogger(LostDevice.class);

    /** The executor's exit code: EX_UNAVAILABLE of sysexits.h. */
    static final int EXIT_CODE = 69;

    private static final String DRIVER = "driver";

    private LostDevice() {}

    /** Sees to it that the task of this thread ends its executor if it loses the device; not under {@code local[…]}. */
    public static void endsExecutorOfThisTask() {
        TaskContext task = TaskContext.get();
        if (task != null && SparkEnv.get() != null) {
            IntConsumer exit = code -> new Thread(() -> System.exit(code), "device lost").start();
            String executor = SparkEnv.get().executorId();
            task.addTaskFailureListener((TaskFailureListener) (context, why) -> failed(why, executor, exit));
        }
    }

    static void failed(Throwable why, String executor, IntConsumer exit) {
        Stream.iterate(why, cause -> cause != null, Throwable::getCause)
                .limit(100) // a cause may be its own
                .filter(LostDeviceException.class::isInstance)
                .findFirst()
                .filter(lost -> !executor.equals(DRIVER))
                .ifPresent(lost -> {
                    LOG.error("Executor {} ends: {}", executor, lost.getMessage());
                    exit.accept(EXIT_CODE);
                });
    }
}
