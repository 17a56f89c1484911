package ai.rpo.spark.judge;

import ai.rpo.core.Progress;
import ai.rpo.core.judge.Question;
import ai.rpo.core.judge.Question.Options;
import ai.rpo.core.preference.Message;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.spark.judge.JudgeSettings.BatchSettings;
import ai.rpo.spark.judge.JudgeSettings.By;
import ai.rpo.spark.judge.JudgeSettings.ModelSettings;
import ai.rpo.spark.judge.JudgeSettings.ProgramSettings;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** A program that asks a server, to be killed while it does: {@code SlowJudging WORK URL}. */
final class SlowJudging {

    static final int QUESTIONS = 400;
    static final String KEY_VARIABLE = "RPO_TEST_JUDGE_KEY";

    private SlowJudging() {}

    public static void main(String[] arguments) {
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", 2)
                .getOrCreate()) {
            ask(spark, new Path(arguments[0]), arguments[1], Optional.of(KEY_VARIABLE));
        }
    }

    static Judge.Asked ask(SparkSession spark, Path work, String url, Optional<String> keyEnv) {
        JudgeSettings settings = new JudgeSettings(
                Optional.of(By.ENDPOINT),
                Optional.empty(),
                new EndpointSettings(Optional.of(url), Optional.of("judge-1"), keyEnv, 100, 4, 2, 10),
                new BatchSettings(Optional.empty(), List.of()),
                new ModelSettings(Optional.empty(), Optional.empty(), Optional.empty(), 1),
                new ProgramSettings("exact-match", Optional.empty()));
        List<Question> questions = IntStream.range(0, QUESTIONS)
                .mapToObj(i -> new Question(
                        "key " + i, List.of(Message.of("user", "question " + i)), new Options(64, 0, List.of())))
                .toList();
        return Judges.open(
                        spark,
                        settings,
                        TemplateChoice.USUAL,
                        Precision.FLOAT32,
                        false,
                        new Path(work, "answers"),
                        new Path(work, "requests"))
                .ask(
                        "test",
                        JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(questions, 2),
                        Progress.NONE);
    }
}
