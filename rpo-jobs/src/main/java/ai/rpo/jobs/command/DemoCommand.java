package ai.rpo.jobs.command;

import ai.rpo.core.Progress;
import ai.rpo.jobs.config.ConfigurationSources;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.demo.Demo;
import ai.rpo.jobs.demo.DemoFolder;
import ai.rpo.jobs.demo.DemoPlan;
import ai.rpo.jobs.demo.Sums;
import ai.rpo.jobs.demo.SupervisedData;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.pipeline.Decision;
import ai.rpo.jobs.pipeline.Pipeline;
import ai.rpo.jobs.pipeline.Stage;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.progress.Durations;
import ai.rpo.jobs.report.Finding;
import ai.rpo.jobs.report.ReportStage;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        header = "DPO and RPO side by side in a small world where every answer can be graded.",
        description = {
            "%nNeeds nothing but this program and takes a few minutes on two cores. Every run goes through the stages that"
                    + " any run goes through. Writes FOLDER/report/index.html; an earlier demo in FOLDER is replaced.%n"
        })
public final class DemoCommand implements Callable<Integer> {

    private static final Logger LOG = LoggerFactory.getLogger(DemoCommand.class);

    @Option(
            names = "--output",
            paramLabel = "FOLDER",
            defaultValue = "runs/demo",
            description = "A local folder. Default: ${DEFAULT-VALUE}.")
    private Path output;

    @Option(
            names = "--master",
            paramLabel = "URL",
            description = "Spark's master, such as local[4]. All cores of this machine if left out.")
    private String master;

    @Option(
            names = "--write-sft-data",
            paramLabel = "FOLDER",
            description = "Write what the base model was trained from, and stop; see conf/demo-sft.conf.")
    private Path supervisedData;

    @Option(
            names = "--write-sums",
            paramLabel = "FOLDER",
            description = "Write a task whose reward is a program, and stop; see conf/recipes/sums-online.conf.")
    private Path sums;

    private Optional<Path> log = Optional.empty();

    @Override
    public Integer call() {
        LogFile.silence();
        try {
            if (supervisedData != null) {
                SupervisedData.write(supervisedData);
                System.out.println("Wrote " + supervisedData.resolve("untrained") + " and "
                        + supervisedData.resolve("answers.jsonl") + ".");
            } else if (sums != null) {
                Sums.write(sums);
                System.out.println("Wrote " + sums.resolve("untrained") + ", " + sums.resolve("answers.jsonl") + ", "
                        + sums.resolve("prompts.jsonl") + " and " + sums.resolve("unseen.jsonl") + ".");
            } else {
                compare();
            }
            return 0;
        } catch (Exception | OutOfMemoryError | LinkageError e) {
            Failure failure = Failure.of("run the demo", e);
            LOG.error("{}", failure.message(), e);
            failure.print(e, log);
            return failure.exitCode();
        }
    }

    private void compare() {
        Instant start = Instant.now();
        try (SparkLauncher spark = new SparkLauncher("rpo demo", Optional.ofNullable(master), Map.of());
                Display display = Display.onStandardError()) {
            DemoFolder folder = DemoFolder.create(output);
            log = LogFile.open(Optional.of(output));
            DemoPlan plan = DemoPlan.STANDARD;
            System.out.println(plan.describe());
            ReportStage.Report report = new Demo(
                            plan, (file, progress) -> evaluate(file, spark, progress), new ReportStage(spark.hadoop()))
                    .run(folder, display);
            display.close();
            print(report, Duration.between(start, Instant.now()));
        }
    }

    /** Makes a run as the command run does, except that it says nothing. */
    private static void evaluate(Path file, SparkLauncher spark, Progress progress) {
        ResolvedConfiguration configuration = ResolvedConfiguration.load(
                ConfigurationSources.of(Optional.of(file.toString()), List.of()), Job.PREFERENCE);
        RunDirectory run = new RunDirectory(
                new org.apache.hadoop.fs.Path(configuration.settings().output().orElseThrow()), spark.hadoop());
        Stages stages = new Stages(configuration, run, spark);
        Pipeline pipeline = new Pipeline(run, configuration.settings().overwrite(), ProgramVersion.get());
        List<Decision> plan = pipeline.plan(stages.evaluate());
        run.file("resolved.conf").write(configuration.text());
        pipeline.execute(plan, progress, new Silence());
    }

    private static void print(ReportStage.Report report, Duration took) {
        System.out.println();
        for (Finding finding : report.findings()) {
            String mark =
                    switch (finding.verdict()) {
                        case AGREES -> "as the paper says";
                        case DIFFERS -> "not as the paper says";
                        case NEUTRAL -> "undecided";
                    };
            System.out.printf("%s (%s)%n  %s%n", finding.topic(), mark, finding.text());
        }
        System.out.printf(
                "%nDone in %s. Open %s%n",
                Durations.text(took), report.page().toUri().getPath());
    }

    private static final class Silence implements Pipeline.Listener {
        @Override
        public void reused(Stage stage, Manifest manifest) {}

        @Override
        public void skipped(Stage stage) {}

        @Override
        public void started(Stage stage) {}

        @Override
        public void finished(Stage stage, Map<String, Long> counts, Duration took) {}
    }
}
