package ai.rpo.spark.train;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import scala.collection.JavaConverters;

/** Follows the tasks of one round: how far they are, and when the last of them gave a sign. */
final class RoundWatch extends SparkListener {

    private final String jobGroup;
    private final long stepCounter;
    private final Set<Integer> stages = new TreeSet<>();
    private final Map<Long, String> running = new TreeMap<>();
    private final Map<Long, Long> steps = new TreeMap<>();
    private long lastSign = System.nanoTime();
    private int resultStage;
    private String role = "task";

    /**
     * @param jobGroup of the round's jobs
     * @param stepCounter id of the accumulator that counts optimizer steps
     */
    RoundWatch(String jobGroup, long stepCounter) {
        this.jobGroup = jobGroup;
        this.stepCounter = stepCounter;
    }

    /** @param name of what the tasks of the next job are, such as {@code worker} */
    synchronized void expect(String name) {
        role = name;
    }

    /** Tells how long no task has begun, taken a step or ended. */
    synchronized Duration quiet() {
        return Duration.ofNanos(System.nanoTime() - lastSign);
    }

    /** Optimizer steps that executors have told of, all workers together. */
    synchronized long steps() {
        return steps.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Who is being waited for. */
    synchronized String waitingFor() {
        return running.isEmpty()
                ? "no executor takes up the work"
                : running.values().stream().distinct().collect(Collectors.joining(", "));
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart job) {
        if (jobGroup.equals(job.properties().getProperty("spark.jobGroup.id"))) {
            for (Object id : JavaConverters.seqAsJavaList(job.stageIds())) {
                stages.add((Integer) id);
                resultStage = Math.max(resultStage, (Integer) id);
            }
            lastSign = System.nanoTime();
        }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart task) {
        if (stages.contains(task.stageId())) {
            running.put(
                    task.taskInfo().taskId(),
                    (task.stageId() == resultStage ? role : "task") + " "
                            + task.taskInfo().index() + " on executor "
                            + task.taskInfo().executorId() + " ("
                            + task.taskInfo().host() + ")");
            lastSign = System.nanoTime();
        }
    }

    /** Executors send these with their heartbeats. */
    @Override
    public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
        JavaConverters.seqAsJavaList(update.accumUpdates()).forEach(task -> {
            for (AccumulableInfo counter : JavaConverters.seqAsJavaList(task._4())) {
                if (counter.id() == stepCounter && counter.update().isDefined()) {
                    long now = ((Number) counter.update().get()).longValue();
                    Long before = steps.put((Long) task._1(), now);
                    if (before == null || now > before) {
                        lastSign = System.nanoTime();
                    }
                }
            }
        });
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd task) {
        if (running.remove(task.taskInfo().taskId()) == null) {
            return;
        }
        lastSign = System.nanoTime();
        if (task.reason() instanceof TaskFailedReason) {
            steps.remove(task.taskInfo().taskId());
        }
    }
}
