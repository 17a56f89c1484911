package ai.rpo.spark.judge;

import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.Question;
import ai.rpo.spark.judge.AnswerSource.Asking;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * The questions of a job under the keys of their answers, and which of them have none yet. These are fixed once, so
 * that work that is done again is the same work.
 */
final class OpenQuestions {

    private static final Comparator<Asking> LONGEST_LAST = Comparator.comparingLong(
                    (Asking asking) -> characters(asking.question()))
            .thenComparing(Asking::key);

    private final SparkSession spark;
    private final AnswerStore store;
    private final JavaPairRDD<String, Question> questions;
    private final long[] open;
    private final long different;

    private OpenQuestions(
            SparkSession spark,
            AnswerStore store,
            JavaPairRDD<String, Question> questions,
            long[] open,
            long different) {
        this.spark = spark;
        this.store = store;
        this.questions = questions;
        this.open = open;
        this.different = different;
    }

    static OpenQuestions of(SparkSession spark, AnswerStore store, JavaRDD<Question> questions) {
        JavaPairRDD<String, Question> keyed = questions.mapToPair(
                question -> new Tuple2<>(store.asking(question).key(), question));
        List<Tuple2<Long, Boolean>> known = keyed.mapValues(question -> true)
                .reduceByKey((one, other) -> one)
                .leftOuterJoin(store.read(spark).mapValues(answer -> true))
                .map(row -> new Tuple2<>(number(row._1()), row._2()._2().isPresent()))
                .collect();
        long[] open = known.stream()
                .filter(row -> !row._2())
                .mapToLong(Tuple2::_1)
                .sorted()
                .toArray();
        return new OpenQuestions(spark, store, keyed, open, known.size());
    }

    /** The first half of a key, which no two questions share in practice. */
    private static long number(String key) {
        return Long.parseUnsignedLong(key.substring(0, 16), 16);
    }

    /** Gives the same with one question less. */
    OpenQuestions without(Asking asking) {
        long one = number(asking.key());
        return new OpenQuestions(
                spark,
                store,
                questions,
                Arrays.stream(open).filter(number -> number != one).toArray(),
                different);
    }

    int count() {
        return open.length;
    }

    /** Questions that differ to the judge. */
    long different() {
        return different;
    }

    /**
     * Says what there is to know of open questions before they are asked.
     *
     * @param kinds all options that they have
     * @param longest of them
     */
    record Survey(Set<Question.Options> kinds, Asking longest) implements Serializable {

        private static Survey of(Asking asking) {
            return new Survey(Set.of(asking.question().options()), asking);
        }

        private static Survey of(Survey one, Survey other) {
            Set<Question.Options> kinds = new LinkedHashSet<>(one.kinds);
            kinds.addAll(other.kinds);
            return new Survey(
                    kinds, LONGEST_LAST.compare(one.longest, other.longest) >= 0 ? one.longest : other.longest);
        }
    }

    /** Surveys the open ones; there must be some. */
    Survey survey() {
        return of().map(Survey::of).reduce(Survey::of);
    }

    static long characters(Question question) {
        return question.messages().stream()
                .mapToLong(message ->
                        String.valueOf(message.fields().get("content")).length())
                .sum();
    }

    /** Those open, some perhaps more than once. */
    private JavaRDD<Asking> of() {
        Broadcast<long[]> numbers = broadcast();
        return questions
                .filter(question -> Arrays.binarySearch(numbers.value(), number(question._1())) >= 0)
                .map(question -> new Asking(question._1(), question._2()));
    }

    /** Those open, some perhaps more than once but always in the same partition; each has as many of them. */
    JavaRDD<Asking> in(int partitions) {
        Broadcast<long[]> numbers = broadcast();
        return of().mapToPair(asking ->
                        new Tuple2<>(Arrays.binarySearch(numbers.value(), number(asking.key())) % partitions, asking))
                // An integer is its own hash.
                .partitionBy(new HashPartitioner(partitions))
                .values();
    }

    private Broadcast<long[]> broadcast() {
        return JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(open);
    }

    /**
     * All answers that the store has by now.
     *
     * @param failures why others have none, by the questions' keys
     */
    JavaPairRDD<String, Answer> answers(Map<String, String> failures) {
        return questions.leftOuterJoin(store.read(spark)).mapToPair(row -> {
            Answer none = Answer.failed(failures.getOrDefault(row._1(), "it was not asked"));
            return new Tuple2<>(row._2()._1().key(), row._2()._2().orElse(none));
        });
    }
}
