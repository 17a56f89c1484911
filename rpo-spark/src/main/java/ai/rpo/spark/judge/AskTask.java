package ai.rpo.spark.judge;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Answer;
import ai.rpo.spark.judge.AnswerSource.Asking;
import ai.rpo.spark.judge.AnswerSource.Share;
import ai.rpo.spark.store.KeyedFiles;
import java.io.Serializable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.spark.TaskContext;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Asks the questions of one partition and puts answers into the store as they come.
 *
 * @param tasks in all
 * @param threads of each, for arithmetic
 * @param done counts questions that are dealt with
 * @param repeated counts requests that had to be made again
 */
record AskTask(
        AnswerSource source, AnswerStore store, int tasks, int threads, LongAccumulator done, LongAccumulator repeated)
        implements Serializable {

    /**
     * Says what became of the questions that have no answer.
     *
     * @param failures why, by the questions' keys
     * @param over why the task could not go on, which another attempt would not change; null where it could
     */
    record Result(Map<String, String> failures, RpoException over) implements Serializable {}

    Iterator<Result> run(int task, Iterator<Asking> questions) {
        TaskContext context = TaskContext.get();
        KeyedFiles.Writer<AnswerStore.Stored> writer = store.writer();
        // Whether the task fails or not, what was answered is answered.
        context.addTaskCompletionListener((TaskCompletionListener) ended -> writer.publish());
        Map<String, String> failures = new HashMap<>();
        RpoException over = null;
        try {
            source.answer(
                    new Share(task, tasks, threads), once(questions, context), new Storing(writer, failures, context));
        } catch (RpoException e) {
            over = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            context.killTaskIfInterrupted();
            throw new IllegalStateException("interrupted by nobody", e);
        }
        writer.publish();
        return List.of(new Result(failures, over)).iterator();
    }

    /** Without repetitions, and without what an attempt before this one has asked. */
    private Iterator<Asking> once(Iterator<Asking> questions, TaskContext context) {
        boolean again = context.attemptNumber() > 0 || context.stageAttemptNumber() > 0;
        Set<String> seen = again ? store.keys() : new HashSet<>();
        return new Iterator<>() {
            private Asking next;

            @Override
            public boolean hasNext() {
                while (next == null && questions.hasNext()) {
                    Asking candidate = questions.next();
                    next = seen.add(candidate.key()) ? candidate : null;
                }
                return next != null;
            }

            @Override
            public Asking next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                Asking given = next;
                next = null;
                return given;
            }
        };
    }

    private final class Storing implements AnswerSource.Sink {

        private final KeyedFiles.Writer<AnswerStore.Stored> writer;
        private final Map<String, String> failures;
        private final TaskContext context;

        private Storing(
                KeyedFiles.Writer<AnswerStore.Stored> writer, Map<String, String> failures, TaskContext context) {
            this.writer = writer;
            this.failures = failures;
            this.context = context;
        }

        @Override
        public void answered(Asking asking, Answer answer) {
            writer.add(new AnswerStore.Stored(asking.key(), answer));
            done.add(1);
        }

        @Override
        public void failed(Asking asking, String why) {
            failures.put(asking.key(), why);
            done.add(1);
        }

        @Override
        public void repeated() {
            repeated.add(1);
        }

        @Override
        public void waiting() {
            context.killTaskIfInterrupted();
            writer.publishIfDue();
        }
    }
}
