package ai.rpo.jobs.command;

import ai.rpo.jobs.demo.Demo;
import ai.rpo.jobs.demo.DemoFolder;
import ai.rpo.jobs.demo.DemoPlan;
import ai.rpo.jobs.demo.OnlineDemo;
import ai.rpo.jobs.demo.OnlinePlan;
import ai.rpo.jobs.demo.Sums;
import ai.rpo.jobs.demo.SupervisedData;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.progress.Display;
import ai.rpo.jobs.progress.Durations;
import ai.rpo.jobs.report.Finding;
import ai.rpo.jobs.report.ReportStage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
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

    @Option(
            names = "--online",
            description = "Overoptimization of a learnt reward instead: reward models, offline and online alignment.")
    private boolean online;

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
            ReportStage.Report report = online ? online(folder, spark, display) : offline(folder, spark, display);
            display.close();
            print(report, Duration.between(start, Instant.now()));
        }
    }

    private static ReportStage.Report offline(DemoFolder folder, SparkLauncher spark, Display display) {
        QuietRuns runs = new QuietRuns(spark);
        System.out.println(DemoPlan.STANDARD.describe());
        return new Demo(
                        DemoPlan.STANDARD,
                        (file, progress) -> runs.make(file, Job.PREFERENCE, Stages::evaluate, progress),
                        new ReportStage(spark.hadoop()))
                .run(folder, display);
    }

    private static ReportStage.Report online(DemoFolder folder, SparkLauncher spark, Display display) {
        QuietRuns runs = new QuietRuns(spark);
        System.out.println(OnlinePlan.STANDARD.describe());
        OnlineDemo.Commands commands = (command, file, progress) -> {
            switch (command) {
                case "reward" -> runs.make(file, Job.PREFERENCE, Stages::reward, progress);
                case "train" -> runs.make(file, Job.PREFERENCE, Stages::train, progress);
                default -> runs.online(file, progress);
            }
        };
        return new OnlineDemo(OnlinePlan.STANDARD, commands, new ReportStage(spark.hadoop())).run(folder, display);
    }

    private void print(ReportStage.Report report, Duration took) {
        System.out.println();
        for (Finding finding : report.findings()) {
            String mark =
                    switch (finding.verdict()) {
                        case AGREES -> online ? "as claimed" : "as the paper says";
                        case DIFFERS -> online ? "not as claimed" : "not as the paper says";
                        case NEUTRAL -> "undecided";
                    };
            System.out.printf("%s (%s)%n  %s%n", finding.topic(), mark, finding.text());
        }
        System.out.printf(
                "%nDone in %s. Open %s%n",
                Durations.text(took), report.page().toUri().getPath());
    }
}
