package ai.rpo.spark.judge;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.ProgramProtocol;
import ai.rpo.core.judge.Question;
import ai.rpo.core.judge.Verifier;
import ai.rpo.core.judge.Verifiers;
import ai.rpo.spark.device.PolledProgress;
import ai.rpo.spark.judge.JudgeSettings.ProgramSettings;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple2;

/** Has a verifier grade answers. Nothing is kept, since a jar may change under its name. */
final class ProgramJudge implements Judge {

    private final SparkSession spark;
    private final ProgramSettings settings;

    /** @throws RpoException if there is no such verifier */
    ProgramJudge(SparkSession spark, ProgramSettings settings) {
        this.spark = spark;
        this.settings = settings;
        JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(List.of(settings.verifier()), 1)
                .map(problemWith(settings.pattern().orElse(null)))
                .collect()
                .stream()
                .filter(problem -> !problem.isEmpty())
                .forEach(problem -> {
                    throw RpoException.configuration(problem);
                });
    }

    /**
     * Finds what is wrong as a task sees it: Spark gives jars to its executors, and to a driver only where spark-submit
     * started it.
     */
    private static Function<String, String> problemWith(String pattern) {
        return name -> {
            try {
                verifier(name, pattern);
                return "";
            } catch (RpoException e) {
                return e.getMessage();
            }
        };
    }

    /** Spark puts the jars of {@code --jars} before a thread's own. */
    private static Verifier verifier(String name, String pattern) {
        return Verifiers.get(
                name, Optional.ofNullable(pattern), Thread.currentThread().getContextClassLoader());
    }

    @Override
    public String name() {
        return settings.verifier();
    }

    @Override
    public Asked ask(String protocol, JavaRDD<Question> questions, Progress progress) {
        if (!protocol.startsWith("program-")) {
            throw RpoException.configuration("Cannot judge by program under the protocol " + protocol
                    + ": a program reads no questions. Set rpo.judge.protocol = program-pair, or program-single for"
                    + " grades without a baseline.");
        }
        LongAccumulator done = spark.sparkContext().longAccumulator("graded");
        JavaPairRDD<String, Answer> graded =
                graded(questions, settings.verifier(), settings.pattern().orElse(null), done);
        graded.persist(StorageLevel.MEMORY_AND_DISK());
        long count;
        long failed;
        try (PolledProgress polled = new PolledProgress(spark.sparkContext(), progress, "judge", done, 0)) {
            count = graded.count();
            failed = graded.filter(row -> row._2().finish() == Answer.Finish.FAILED)
                    .count();
        }
        return new Asked(graded, count, count - failed, 0, failed, 0);
    }

    private static JavaPairRDD<String, Answer> graded(
            JavaRDD<Question> questions, String verifier, String pattern, LongAccumulator done) {
        return questions.mapPartitionsToPair(partition -> grade(partition, verifier(verifier, pattern), done));
    }

    private static Iterator<Tuple2<String, Answer>> grade(
            Iterator<Question> questions, Verifier verifier, LongAccumulator done) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return questions.hasNext();
            }

            @Override
            public Tuple2<String, Answer> next() {
                Question question = questions.next();
                done.add(1);
                return new Tuple2<>(question.key(), grade(question, verifier));
            }
        };
    }

    private static Answer grade(Question question, Verifier verifier) {
        try {
            return ProgramProtocol.answer(verifier.name(), verifier.verify(ProgramProtocol.submission(question)));
        } catch (RpoException e) {
            throw e;
        } catch (RuntimeException e) {
            return Answer.failed("the verifier " + verifier.name() + " failed: " + e);
        }
    }
}
