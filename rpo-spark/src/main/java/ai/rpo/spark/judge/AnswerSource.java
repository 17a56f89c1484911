package ai.rpo.spark.judge;

import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.Question;
import ai.rpo.spark.device.Cores;
import java.io.Serializable;
import java.util.Collection;
import java.util.Iterator;

/** Answers questions in Spark tasks at a price, so that what it has answered is kept. */
interface AnswerSource extends Serializable {

    /** See {@link Judge#name}. */
    String name();

    /** All that an answer depends on beside the question and the protocol. */
    String identity();

    /** Tells how many tasks it works in. */
    int tasks(Cores cores);

    /**
     * Finds out on the driver, before work starts, whether it can answer.
     *
     * @param kinds of questions that will be asked
     * @param longest of these questions
     * @param sink for what it learns to answer on the way
     * @throws ai.rpo.core.RpoException if it cannot
     */
    void probe(Collection<Question.Options> kinds, Asking longest, Sink sink);

    /**
     * Answers in a task, until it is done or throws.
     *
     * @param share of the work
     * @throws ai.rpo.core.RpoException if it cannot go on; there is no use in trying the task again
     */
    void answer(Share share, Iterator<Asking> questions, Sink sink) throws InterruptedException;

    /**
     * A task among all.
     *
     * @param task from 0
     * @param tasks in all, none of which waits for another to end
     * @param threads for its arithmetic
     */
    record Share(int task, int tasks, int threads) {

        /** Its part of a number of things that are handed out one by one. */
        int of(int things) {
            return (things + tasks - 1 - task) / tasks;
        }
    }

    /**
     * A question under the key of its answer.
     *
     * @param key of {@link ai.rpo.core.judge.AnswerKey}
     */
    record Asking(String key, Question question) implements Serializable {}

    /** Takes what became of questions; called by one thread. */
    interface Sink {

        void answered(Asking asking, Answer answer);

        /** @param why for people */
        void failed(Asking asking, String why);

        /** A request was made that has to be made again. */
        void repeated();

        /** Called several times a second while nothing happens. */
        void waiting();
    }
}
