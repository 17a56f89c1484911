package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.pipeline.Forecast;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.pipeline.TablePins;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataEstimate;
import ai.rpo.spark.store.Lease;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
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
            description =
                    "Whose work is planned: run, sft or reward. If left out: run, or sft where the settings name no pairs"
                            + " but supervised rows. What online takes depends on what the policy answers.")
    private String command;

    @Option(
            names = "--device-memory",
            paramLabel = "SIZE",
            description =
                    "Memory of the GPU that a task is to compute on, such as 80g: says what it needs there and in its"
                            + " host, and ends with exit code 2 where that cannot fit.")
    private String deviceMemory;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "With --device-memory: memory of an executor beside its heap, such as 128g.")
    private String memory;

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
                    plan(work, pinned, run.behind(lease), spark, pins);
                }
            } else {
                plan(work, pinned, run, spark, pins);
            }
        }
    }

    private void plan(
            Work work, ResolvedConfiguration configuration, RunDirectory run, SparkLauncher spark, TablePins pins) {
        Optional<DeviceNeed> onDevice = onDevice(work, configuration.settings(), spark);
        Stages stages = new Stages(configuration, run, spark, pins, remark -> line("note", "%s", remark));
        print(
                switch (work) {
                    case REWARD -> stages.forecastOfRewards();
                    case SFT -> stages.forecastOfExamples();
                    default -> stages.forecast();
                });
        onDevice.ifPresent(need -> print(need, NativeRoom.of(spark, Optional.ofNullable(memory))));
    }

    private Optional<DeviceNeed> onDevice(Work work, Settings settings, SparkLauncher spark) {
        if (deviceMemory == null) {
            return Optional.empty();
        }
        OptionalLong device = OptionalLong.of(NativeRoom.bytes("--device-memory", deviceMemory));
        ModelDirectory start = LocalModel.of(
                        settings.model().path().orElseThrow(), settings.model().base(), spark.hadoop())
                .with(settings.lora().basePrecision())
                .open();
        return Optional.of(new DeviceNeed(start, settings, work, device));
    }

    private static void print(DeviceNeed need, NativeRoom host) {
        line("memory", "%s", need.describe());
        line("device", "%s", need.describeRoom());
        line("host", "%s; there is %s", need.describeHost(), host.describe());
        need.describeWays().forEach(way -> line("way", "%s", way));
        need.requireFits(host);
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
