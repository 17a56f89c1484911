package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.pipeline.Forecast;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.pipeline.TablePins;
import ai.rpo.spark.prepare.DataEstimate;
import ai.rpo.spark.store.Lease;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        header = "Say how many rows, tokens, gigabytes and core-hours a run will take.",
        description = {
            "%nLooks at some of the rows and scores them for some seconds on this machine. Writes nothing,"
                    + " except copies of rows that lie in tables.%n"
        })
public final class PlanCommand implements Callable<Integer> {

    private static final List<Work> PLANNED = List.of(Work.RUN, Work.SFT, Work.REWARD);

    @Mixin
    private JobOptions options;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "COMMAND",
            description = "Whose work is planned: run, sft or reward. If left out: run, or sft where the settings name no pairs"
                    + " but supervised rows. What online takes depends on what the policy answers.")
    private String command;

    @Override
    public Integer call() {
        LogFile.silence();
        try {
            plan();
            return 0;
        } catch (RuntimeException e) {
            Failure failure = Failure.of("plan", e);
            failure.print(e, Optional.empty());
            return failure.exitCode();
        }
    }

    private void plan() throws RpoException {
        Optional<Work> named = Optional.ofNullable(command).map(name -> Work.of(name, PLANNED));
        ResolvedConfiguration configuration = options.of(named);
        Work work = named.orElse(Work.ofGivenRows(configuration));
        try (SparkLauncher spark = new SparkLauncher("rpo plan", options.master(), configuration.spark())) {
            RunDirectory run = new RunDirectory(
                    Stores.path(configuration.settings().output().orElseThrow()), spark.hadoop());
            TablePins pins = new TablePins(spark);
            ResolvedConfiguration pinned = pins.pinned(configuration);
            if (pins.isUsed()) {
                try (Lease lease = run.lease("plan")) {
                    print(work, new Stages(pinned, run.behind(lease), spark, pins, PlanCommand::note));
                }
            } else {
                print(work, new Stages(pinned, run, spark, pins, PlanCommand::note));
            }
        }
    }

    private static void note(String remark) {
        line("note", "%s", remark);
    }

    private static void print(Work work, Stages stages) {
        print(
                switch (work) {
                    case REWARD -> stages.forecastOfRewards();
                    case SFT -> stages.forecastOfExamples();
                    default -> stages.forecast();
                });
    }

    private static void print(Forecast forecast) {
        DataEstimate data = forecast.data();
        double kept = data.trainRows() + data.evalRows();
        line("rows", "%,.0f, of which %,d were looked at", data.rows(), data.sampled());
        line(
                "kept",
                "%,.0f to train on, %,.0f held out; %,.0f would be left out",
                data.trainRows(),
                data.evalRows(),
                Math.max(0, data.rows() - kept));
        line("tokens", "%,.0f in %,d shards", data.trainTokens() + data.evalTokens(), data.shards());
        boolean scores = forecast.scoredTokens() > 0;
        line(
                "disk",
                "%s data, %s%s checkpoints and model",
                bytes(forecast.dataBytes()),
                scores ? bytes(forecast.referenceBytes()) + " reference and scores, " : "",
                bytes(forecast.trainBytes()));
        line(
                "speed",
                "%,.0f tokens/s scored on %d cores, %,.0f rows/s tokenised on one",
                forecast.rate().tokensPerSecond(),
                forecast.threads(),
                1 / data.secondsPerRow());
        line("prepare", time(forecast.prepare(), forecast.cores()));
        if (scores) {
            line("score", time(forecast.score(), forecast.cores()));
        }
        line("train", time(forecast.train(), forecast.trainCores()) + ", " + forecast.steps() + " steps");
        forecast.deviceRate()
                .ifPresent(rate -> line(
                        "devices",
                        "%.4g device-hours to score, %.4g to train, at %,d tokens/s scored on each",
                        forecast.deviceHoursOfScoring().orElseThrow(),
                        forecast.deviceHoursOfTraining().orElseThrow(),
                        rate));
    }

    private static String time(double coreSeconds, int cores) {
        Duration duration = Duration.ofSeconds(Math.max(1, Math.round(coreSeconds / cores)));
        return String.format(
                Locale.ROOT,
                "%.4g core-hours: %d:%02d:%02d h on %d cores",
                coreSeconds / 3600,
                duration.toHours(),
                duration.toMinutesPart(),
                duration.toSecondsPart(),
                cores);
    }

    private static String bytes(double bytes) {
        return bytes < 1e8
                ? String.format(Locale.ROOT, "%.2f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
    }

    private static void line(String what, String format, Object... values) {
        System.out.printf("%-8s %s%n", what, String.format(Locale.ROOT, format, values));
    }
}
