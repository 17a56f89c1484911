package ai.rpo.spark.judge;

import ai.rpo.core.Progress;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.Question;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;

/** Answers questions as a Spark job. */
public interface Judge {

    /** Gives what is written beside every figure, such as the model's name. */
    String name();

    /**
     * Asks every question that was not answered before.
     *
     * @param protocol for which it is asked; answers to one protocol are not used for another
     * @param questions whose keys differ
     * @throws ai.rpo.core.RpoException where the judge lacks an ability that these questions need, before it has cost
     *     anything, and where it answers no more, after what it has answered is stored
     */
    Asked ask(String protocol, JavaRDD<Question> questions, Progress progress);

    /**
     * The answers, and how they came about.
     *
     * @param answers by the questions' own keys, one each; {@link Answer.Finish#FAILED} where there is none. May be
     *     read several times
     * @param different questions that are not one to the judge
     * @param asked of these, now
     * @param known of these, from before
     * @param failed of these
     * @param repeated requests that had to be made again
     */
    record Asked(
            JavaPairRDD<String, Answer> answers, long different, long asked, long known, long failed, long repeated) {}
}
