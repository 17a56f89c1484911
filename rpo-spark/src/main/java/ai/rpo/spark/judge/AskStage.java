package ai.rpo.spark.judge;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Answer;
import ai.rpo.core.judge.Question;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.PolledProgress;
import ai.rpo.spark.judge.AnswerSource.Asking;
import ai.rpo.spark.store.KeyedFiles;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a source in Spark tasks what the store of answers does not know. */
final class AskStage implements Judge {

    private static final Logger LOG = LoggerFactory.getLogger(AskStage.class);

    private final SparkSession spark;
    private final AnswerSource source;
    private final Path cache;

    /** @param cache folder of answers */
    AskStage(SparkSession spark, AnswerSource source, Path cache) {
        this.spark = spark;
        this.source = source;
        this.cache = cache;
    }

    @Override
    public String name() {
        return source.name();
    }

    @Override
    public Asked ask(String protocol, JavaRDD<Question> questions, Progress progress) {
        AnswerStore store = AnswerStore.open(
                cache,
                source.name(),
                source.identity(),
                protocol,
                spark.sparkContext().hadoopConfiguration());
        OpenQuestions open = OpenQuestions.of(spark, store, questions);
        Map<String, String> failures = new HashMap<>();
        LongAccumulator repeated = spark.sparkContext().longAccumulator("requests made again");
        if (open.count() > 0) {
            requireNoSpeculation();
            OpenQuestions.Survey survey = open.survey();
            boolean settled = probe(store, survey, failures);
            askAll(store, settled ? open.without(survey.longest()) : open, failures, repeated, progress);
        }
        failures.values().stream().limit(10).forEach(why -> LOG.warn("A question has no answer: {}", why));
        return new Asked(
                open.answers(failures),
                open.different(),
                open.count() - failures.size(),
                open.different() - open.count(),
                failures.size(),
                repeated.value());
    }

    /** A copy of a slow task asks the same questions at the same time. */
    private void requireNoSpeculation() {
        if (spark.sparkContext().getConf().getBoolean("spark.speculation", false)) {
            throw RpoException.configuration("Cannot ask a judge: with spark.speculation = true, Spark would ask"
                    + " questions twice. Leave spark.speculation out.");
        }
    }

    /** @return whether the longest question needs not be asked again */
    private boolean probe(AnswerStore store, OpenQuestions.Survey survey, Map<String, String> failures) {
        KeyedFiles.Writer<AnswerStore.Stored> writer = store.writer();
        AtomicBoolean settled = new AtomicBoolean();
        source.probe(survey.kinds(), survey.longest(), new AnswerSource.Sink() {
            @Override
            public void answered(Asking asking, Answer answer) {
                writer.add(new AnswerStore.Stored(asking.key(), answer));
                settled.set(true);
            }

            @Override
            public void failed(Asking asking, String why) {
                failures.put(asking.key(), why);
                settled.set(true);
            }

            @Override
            public void repeated() {
                // Counted where it may be much.
            }

            @Override
            public void waiting() {
                writer.publishIfDue();
            }
        });
        writer.publish();
        return settled.get();
    }

    private void askAll(
            AnswerStore store,
            OpenQuestions open,
            Map<String, String> failures,
            LongAccumulator repeated,
            Progress progress) {
        if (open.count() == 0) {
            return;
        }
        Cores cores = Cores.of(spark);
        int tasks = Math.max(1, Math.min(source.tasks(cores), open.count()));
        LongAccumulator done = spark.sparkContext().longAccumulator("questions");
        AskTask task = new AskTask(source, store, tasks, cores.threads(tasks), done, repeated);
        List<AskTask.Result> results;
        try (PolledProgress polled = new PolledProgress(spark.sparkContext(), progress, "judge", done, open.count())) {
            results = open.in(tasks).mapPartitionsWithIndex(task::run, false).collect();
        }
        for (AskTask.Result result : results) {
            failures.putAll(result.failures());
        }
        for (AskTask.Result result : results) {
            if (result.over() != null) {
                throw result.over();
            }
        }
    }
}
