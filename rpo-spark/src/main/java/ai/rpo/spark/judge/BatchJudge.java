package ai.rpo.spark.judge;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.BatchLines;
import ai.rpo.core.judge.Question;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.store.KeyedFiles;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * Asks by files: writes requests that have no answer, and reads what came of them when the job is run again. Answers go into the
 * same kind of store as those of a server.
 */
final class BatchJudge implements Judge {

    private final SparkSession spark;
    private final String model;
    private final List<String> results;
    private final Path cache;
    private final Path requests;
    private final boolean allowMissing;

    /**
     * @param results files, folders or globs; none where there are none yet
     * @param cache folder of answers
     * @param requests folder for request files
     */
    BatchJudge(
            SparkSession spark, String model, List<String> results, Path cache, Path requests, boolean allowMissing) {
        this.spark = spark;
        this.model = model;
        this.results = results;
        this.cache = cache;
        this.requests = requests;
        this.allowMissing = allowMissing;
    }

    @Override
    public String name() {
        return model;
    }

    @Override
    public Asked ask(String protocol, JavaRDD<Question> questions, Progress progress) {
        AnswerStore store = AnswerStore.open(
                cache,
                model,
                String.join("\n", "batch", model),
                protocol,
                spark.sparkContext().hadoopConfiguration());
        OpenQuestions before = OpenQuestions.of(spark, store, questions);
        Map<String, String> failures = new HashMap<>();
        OpenQuestions left = before;
        if (before.count() > 0 && !results.isEmpty()) {
            failures.putAll(read(store, before));
            left = OpenQuestions.of(spark, store, questions);
        }
        if (left.count() > 0 && (results.isEmpty() || !allowMissing)) {
            throw unanswered(left, failures);
        }
        return new Asked(
                left.answers(failures),
                before.different(),
                before.count() - left.count(),
                before.different() - before.count(),
                left.count(),
                0);
    }

    private RpoException unanswered(OpenQuestions left, Map<String, String> failures) {
        int files = new BatchRequests(model, requests, spark.sparkContext().hadoopConfiguration())
                .write(left.in(1).toLocalIterator());
        String why = failures.values().stream()
                .findFirst()
                .map(first -> ", the first because " + first)
                .orElse("");
        return new RpoException(
                Kind.RETRYABLE,
                "Cannot judge yet: " + left.count() + " of " + left.different() + " questions have no answer" + why
                        + ". They stand in " + files + (files == 1 ? " file" : " files") + " of " + requests
                        + "; have them answered by " + model
                        + ", and run the command again with the results in rpo.judge.batch.results.");
    }

    /** @return why questions have no answer, by their keys */
    private Map<String, String> read(AnswerStore store, OpenQuestions open) {
        String[] files = InputFiles.resolve(results, spark.sparkContext().hadoopConfiguration()).files().stream()
                .map(file -> file.getPath().toString())
                .toArray(String[]::new);
        JavaRDD<String> lines = spark.read().textFile(files).javaRDD().filter(line -> !line.isBlank());
        long unreadable =
                lines.filter(line -> BatchLines.result(line).isEmpty()).count();
        if (unreadable > 0 && !allowMissing) {
            throw RpoException.data("Cannot read the results in " + String.join(", ", results) + ": " + unreadable
                    + " lines are no results of a batch, perhaps since a file is cut short. Fetch them again, or pass"
                    + " over such lines with rpo.judge.allow-missing = true.");
        }
        JavaPairRDD<String, Answer> answers = lines.flatMapToPair(line -> BatchLines.result(line).stream()
                .map(result -> new Tuple2<>(result.key(), result.answer()))
                .iterator());
        answers.filter(row -> row._2().finish() != Answer.Finish.FAILED)
                .join(open.in(Cores.of(spark).slots()).mapToPair(asking -> new Tuple2<>(asking.key(), true)))
                .foreachPartition(rows -> {
                    KeyedFiles.Writer<AnswerStore.Stored> writer = store.writer();
                    rows.forEachRemaining(row ->
                            writer.add(new AnswerStore.Stored(row._1(), row._2()._1())));
                    writer.publish();
                });
        return answers.filter(row -> row._2().finish() == Answer.Finish.FAILED)
                .mapValues(Answer::note)
                .collectAsMap();
    }
}
