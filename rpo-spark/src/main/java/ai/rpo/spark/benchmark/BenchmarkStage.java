package ai.rpo.spark.benchmark;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.benchmark.BenchmarkTask;
import ai.rpo.core.benchmark.Question;
import ai.rpo.core.benchmark.Questions;
import ai.rpo.core.benchmark.Questions.Located;
import ai.rpo.core.benchmark.TaskScore;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.preference.RowReader;
import ai.rpo.core.preference.UnfitRowException;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.spark.benchmark.ShardAnswers.Asked;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.device.PolledProgress;
import ai.rpo.spark.generate.OpenShards;
import ai.rpo.spark.generate.Shards;
import ai.rpo.spark.prepare.NumberedRows;
import ai.rpo.spark.prepare.NumberedRows.NumberedRow;
import ai.rpo.spark.reference.ScoreSettings;
import ai.rpo.spark.store.SmallFile;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Asks a model the questions of benchmark tasks. The output folder gets {@code samples/TASK.jsonl}, a line a question;
 * whatever an interrupted run with the same fingerprint finished is kept.
 */
public final class BenchmarkStage {

    /** Of the output, what an interrupted run goes on from; to be removed once the output is published. */
    public static final String SHARDS = "shards";

    private static final String SAMPLES = "samples";

    /** Answers that a task writes at once. */
    private static final int WIDTH = 16;

    private final Supplier<SparkSession> session;
    private final Configuration hadoop;
    private final LocalModel model;
    private final TemplateChoice chatTemplate;
    private final ScoreSettings scoring;
    private final BenchmarkSettings settings;

    /**
     * @param session asked for once the questions are known
     * @param hadoop reaches the tasks' files
     * @param chatTemplate how the model's conversations are written
     */
    public BenchmarkStage(
            Supplier<SparkSession> session,
            Configuration hadoop,
            LocalModel model,
            TemplateChoice chatTemplate,
            ScoreSettings scoring,
            BenchmarkSettings settings) {
        this.session = session;
        this.hadoop = hadoop;
        this.model = model;
        this.chatTemplate = chatTemplate;
        this.scoring = scoring;
        this.settings = settings;
    }

    /**
     * @param files of each task
     * @param digest of what the results depend on
     * @return the score of each task, in the order of the settings
     * @throws RpoException where a file or the model cannot be used, or programs cannot be kept in bounds
     */
    public Map<BenchmarkTask, TaskScore> run(
            Path output, Map<BenchmarkTask, TaskFiles> files, String digest, Progress progress) {
        checkModel();
        List<Question> questions = new ArrayList<>();
        for (BenchmarkTask task : settings.chosen()) {
            questions.addAll(questions(task, files.get(task)));
        }
        SparkSession started = session.get();
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(started.sparkContext());
        Cores cores = Cores.of(started);
        if (settings.chosen().stream().anyMatch(BenchmarkTask::runsPrograms)) {
            requireBounds(spark, cores);
        }
        Path folder = new Path(output, SHARDS);
        Shards shards =
                Shards.planned(output, List.of(SHARDS, SAMPLES), digest, questions.size(), cores.slots(), hadoop);
        ask(spark, questions, new OpenShards(shards, folder, hadoop), folder, cores, progress);
        return gather(shards, folder, new Path(output, SAMPLES));
    }

    /** What can be known of the model before any work. */
    private void checkModel() {
        ModelDirectory directory = model.open();
        if (directory.tokenizerFile().isEmpty()) {
            throw RpoException.configuration("Cannot ask questions: the model " + model.uri()
                    + " has no tokenizer.json. Save it with its tokenizer.");
        }
        if (settings.chatTemplate()) {
            try (Tokenizer tokenizer = Tokenizer.open(model.tokenizerFiles(), chatTemplate)) {
                if (tokenizer.chatTemplate().isEmpty()) {
                    throw RpoException.configuration("Cannot ask questions as conversations: the model " + model.uri()
                            + " has no chat template. Put chat_template.jinja beside its tokenizer.json, name one in"
                            + " rpo.model.chat-template, or set rpo.benchmark.chat-template = false.");
                }
            }
        }
        int context = directory.config().contextLength();
        for (BenchmarkTask task : settings.chosen()) {
            task.generation()
                    .filter(generation -> generation.maxNewTokens() >= context)
                    .ifPresent(generation -> {
                        throw RpoException.configuration("Cannot ask " + task.key() + ": its answers have up to "
                                + generation.maxNewTokens() + " tokens, and the model's context is " + context
                                + ". Leave it out of rpo.benchmark.tasks, or take another model.");
                    });
        }
    }

    /** Asked of every machine that may run programs, before anything is generated. */
    private static void requireBounds(JavaSparkContext spark, Cores cores) {
        List<Integer> tasks = IntStream.range(0, cores.slots()).boxed().toList();
        spark
                .parallelize(tasks, cores.slots())
                .map(task -> ProgramRunner.ofThisJvm().missing().orElse(""))
                .distinct()
                .collect()
                .stream()
                .filter(missing -> !missing.isEmpty())
                .findFirst()
                .ifPresent(missing -> {
                    throw RpoException.configuration("Cannot run the programs that a model writes: " + missing
                            + ". Leave mbpp and humaneval out of rpo.benchmark.tasks, or allow this on the machine.");
                });
    }

    private List<Question> questions(BenchmarkTask task, TaskFiles files) {
        List<Located> examples = files.examples().isEmpty() ? List.of() : rows(task, files.examples());
        List<Question> questions = new Questions(task, settings.shots().of(task), settings.limit())
                .of(rows(task, List.of(files.questions())), examples);
        if (questions.isEmpty()) {
            throw RpoException.data("Cannot ask " + task.key() + ": " + files.questions()
                    + " has no questions. Get the file again: " + task.source() + ".");
        }
        return questions;
    }

    private List<Located> rows(BenchmarkTask task, List<String> paths) {
        List<Located> located = new ArrayList<>();
        for (NumberedRow row : NumberedRows.readHere(paths, hadoop)) {
            String where = row.file() + ":" + row.line();
            try {
                located.add(new Located(Math.toIntExact(row.ordinal()), where, RowReader.parse(row.json())));
            } catch (UnfitRowException e) {
                throw RpoException.data("Cannot ask " + task.key() + ": " + where + " cannot be read, "
                        + e.reason().description() + " (" + e.getMessage() + "). Get the file again: "
                        + task.source() + ".");
            }
        }
        return located;
    }

    private void ask(
            JavaSparkContext spark,
            List<Question> questions,
            OpenShards open,
            Path folder,
            Cores cores,
            Progress progress) {
        if (open.count() == 0) {
            return;
        }
        LongAccumulator done = spark.sc().longAccumulator("questions");
        ShardAnswers work = new ShardAnswers(
                model,
                chatTemplate,
                settings.chatTemplate(),
                scoring,
                cores.threads(open.count()),
                WIDTH,
                folder.toString(),
                new SerializableConfiguration(spark.hadoopConfiguration()),
                done);
        List<Asked> asked = IntStream.range(0, questions.size())
                .mapToObj(i -> new Asked(i, questions.get(i)))
                .toList();
        try (PolledProgress polled = new PolledProgress(spark.sc(), progress, "benchmark", done, open.rows())) {
            open.forEach(spark.parallelize(asked, cores.slots()), Asked::ordinal, work::run);
        }
    }

    private Map<BenchmarkTask, TaskScore> gather(Shards shards, Path folder, Path samples) {
        Map<BenchmarkTask, StringBuilder> lines = new EnumMap<>(BenchmarkTask.class);
        Map<BenchmarkTask, List<TaskScore.Graded>> graded = new EnumMap<>(BenchmarkTask.class);
        for (int shard = 0; shard < shards.count(); shard++) {
            Path file = new Path(folder, Shards.fileName(shard));
            new SmallFile(file, hadoop).read().orElseThrow().lines().forEach(line -> {
                SampleRows.Sample sample = SampleRows.read(line);
                lines.computeIfAbsent(sample.task(), t -> new StringBuilder())
                        .append(sample.line())
                        .append('\n');
                graded.computeIfAbsent(sample.task(), t -> new ArrayList<>())
                        .add(new TaskScore.Graded(sample.group(), sample.grades()));
            });
        }
        Map<BenchmarkTask, TaskScore> scores = new LinkedHashMap<>();
        for (BenchmarkTask task : settings.chosen()) {
            new SmallFile(new Path(samples, task.key() + ".jsonl"), hadoop)
                    .write(lines.get(task).toString());
            scores.put(task, TaskScore.of(settings.shots().of(task), graded.get(task)));
        }
        return scores;
    }
}
