package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.objective.RpoObjective.Reduction;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.config.Settings;
import ai.rpo.jobs.launch.Failure;
import ai.rpo.jobs.launch.LogFile;
import ai.rpo.jobs.launch.ProgramVersion;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.online.OnlineSettings;
import ai.rpo.jobs.online.OnlineSettings.By;
import ai.rpo.jobs.online.OnlineSettings.Reference;
import ai.rpo.jobs.pipeline.Decision;
import ai.rpo.jobs.pipeline.Pipeline;
import ai.rpo.jobs.pipeline.Stages;
import ai.rpo.jobs.pipeline.TablePins;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import ai.rpo.spark.table.TableSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/** Everything that can be known before any work, on the screen. */
final class Validation {

    /** Assumes the length of an answer where it counts and no row has been read. */
    private static final int USUAL_TOKENS = 100;

    private final JobOptions options;
    private final Optional<String> command;
    private final Optional<String> memory;
    private final Optional<String> deviceMemory;

    /**
     * @param command whose work is looked at; empty for what the configuration names rows for
     * @param memory of an executor beside its heap, where the user says how much there is
     * @param deviceMemory of its GPU, the same
     */
    Validation(JobOptions options, Optional<String> command, Optional<String> memory, Optional<String> deviceMemory) {
        this.options = options;
        this.command = command;
        this.memory = memory;
        this.deviceMemory = deviceMemory;
    }

    int run() {
        LogFile.silence();
        try {
            validate();
            return 0;
        } catch (RuntimeException e) {
            Failure failure = Failure.of("validate", e);
            failure.print(e, Optional.empty());
            return failure.exitCode();
        }
    }

    private void validate() {
        Optional<Work> named = command.map(name -> Work.of(name, List.of(Work.values())));
        ResolvedConfiguration given = options.of(named);
        Work work = named.orElse(Work.ofGivenRows(given));
        try (SparkLauncher spark = new SparkLauncher("rpo validate", options.master(), given.spark())) {
            TablePins pins = new TablePins(spark);
            ResolvedConfiguration configuration = pins.pinned(given);
            Settings settings = configuration.settings();
            RunDirectory run = new RunDirectory(Stores.path(settings.output().orElseThrow()), spark.hadoop());
            Optional<ModelDirectory> start = settings.model().path().map(path -> printModel(work, settings, spark));
            printInputs(work, settings, pins, spark.hadoop());
            Runnable requireFits = () -> {};
            if (work.training(settings).isPresent()) {
                TrainSettings train = work.training(settings).get();
                print("training", describe(train) + ", " + settings.precision().key());
                requireFits = printMemory(start.orElseThrow(), settings, work, spark);
            }
            print("spark", spark.master());
            print("output", run.path().toString());
            Stages stages = new Stages(configuration, run, spark, pins, remark -> {});
            printPlan(work, settings, stages, new Pipeline(run, settings.overwrite(), ProgramVersion.get()));
            requireFits.run();
        }
    }

    /** Says what a model will need, by its sizes; that its weights are not there is what opening it says next. */
    private void printOutline(ModelDirectory outline, Work work, Settings settings, SparkLauncher spark) {
        print(
                "model",
                String.format(
                        Locale.ROOT,
                        "%s: %s, %,d parameters, context %,d, by its config.json; weights are not there",
                        outline.folder(),
                        outline.config().modelType(),
                        ParameterLayout.of(outline.config()).size(),
                        outline.config().contextLength()));
        requireContext(settings.data().maxLength(), outline.config().contextLength());
        if (work.training(settings).isPresent()) {
            printMemory(outline, settings, work, spark);
        }
    }

    private ModelDirectory printModel(Work work, Settings settings, SparkLauncher spark) {
        String path = settings.model().path().orElseThrow();
        LocalModel.outline(path, settings.lora().basePrecision(), spark.hadoop())
                .ifPresent(outline -> printOutline(outline, work, settings, spark));
        LocalModel start = work == Work.REWARD
                ? LocalModel.forRewards(path, settings.reward().training().seed(), spark.hadoop())
                : LocalModel.of(path, settings.model().base(), spark.hadoop())
                        .with(settings.lora().basePrecision());
        print("model", describe(start));
        start.remarks().forEach(remark -> print("note", remark));
        requireContext(settings.data().maxLength(), start.open().config().contextLength());
        return start.open();
    }

    private static void printInputs(Work work, Settings settings, TablePins pins, Configuration hadoop) {
        switch (work) {
            case SFT -> print("data", describe(settings.sft().data(), pins, hadoop));
            case RATE -> {
                print("rated by", String.join(", ", settings.rate().model()));
                print("rated", describe(settings.rate().completions(), pins, hadoop));
            }
            case REWARD -> {
                printPairs(settings, pins, hadoop);
                print("objective", settings.reward().objective().describe());
                print("members", String.valueOf(settings.reward().members()));
            }
            case RUN, GAUGE -> {
                printReference(settings, hadoop);
                printPairs(settings, pins, hadoop);
                printObjective(settings);
            }
            case ONLINE -> {
                printReference(settings, hadoop);
                print("prompts", describe(settings.online().prompts(), pins, hadoop));
                print("rounds", describe(settings));
                printObjective(settings);
            }
        }
    }

    private static void printReference(Settings settings, Configuration hadoop) {
        print(
                "reference",
                settings.reference()
                        .path()
                        .map(path ->
                                describe(LocalModel.of(path, settings.model().base(), hadoop)))
                        .orElse("the same model"));
    }

    private static void printPairs(Settings settings, TablePins pins, Configuration hadoop) {
        print("data", describe(settings.data().train(), pins, hadoop));
        print("held out", heldOut(settings, pins, hadoop));
    }

    private static void printObjective(Settings settings) {
        print("objective", settings.objective().describe());
        if (settings.objective() instanceof RpoObjective objective) {
            print("eta", describe(objective));
        }
    }

    /** Later stages of a round are known once its first ones are made. */
    private static void printPlan(Work work, Settings settings, Stages stages, Pipeline pipeline) {
        if (work == Work.ONLINE) {
            new OnlineChecks(settings, note -> print("note", note)).check(stages);
            return;
        }
        if (work != Work.RATE && work != Work.REWARD) {
            stages.checkTokenizer();
        }
        System.out.println();
        List<Decision> plan = pipeline.plan(
                switch (work) {
                    case SFT -> stages.sft();
                    case REWARD -> stages.reward();
                    case RATE -> stages.rate();
                    case GAUGE -> stages.gauge();
                    default -> stages.report();
                });
        plan.forEach(Validation::print);
        work.training(settings).ifPresent(train -> printSteps(plan, train));
    }

    /** Returns the check of what was printed, which comes last. */
    private Runnable printMemory(ModelDirectory start, Settings settings, Work work, SparkLauncher spark) {
        NativeRoom room = NativeRoom.of(spark, memory);
        MemoryNeed need = new MemoryNeed(start, settings, work);
        if (deviceMemory.isEmpty() && !NativeRoom.onGpu(spark)) {
            print("memory", need.describe());
            print("there is", room.describe());
            print("driver", need.describeDriver());
            return () -> need.requireFits(room);
        }
        OptionalLong device = deviceMemory.isPresent()
                ? OptionalLong.of(NativeRoom.bytes("--device-memory", deviceMemory.get()))
                : OptionalLong.empty();
        DeviceNeed onDevice = new DeviceNeed(start, settings, work, device);
        print("memory", onDevice.describe());
        print("there is", onDevice.describeRoom());
        print("host", onDevice.describeHost());
        print("there is", room.describe());
        print("driver", need.describeDriver());
        return () -> onDevice.requireFits(room);
    }

    private static void requireContext(OptionalInt maxLength, int context) {
        if (maxLength.isPresent() && maxLength.getAsInt() > context) {
            throw RpoException.configuration("Cannot use rpo.data.max-length = " + maxLength.getAsInt()
                    + ": the model's context is " + context + ". Lower it, or leave it out.");
        }
    }

    /** Known once the rows have been counted. */
    private static void printSteps(List<Decision> plan, TrainSettings training) {
        for (Decision decision : plan) {
            Long rows = decision.manifest()
                    .map(manifest -> manifest.counts().get("train_rows"))
                    .orElse(null);
            if (rows != null && decision.verdict() == Decision.Verdict.REUSE) {
                print("steps", String.format(Locale.ROOT, "%,d on %,d rows", training.totalSteps(rows), rows));
            }
        }
    }

    private static void print(Decision decision) {
        String verdict =
                switch (decision.verdict()) {
                    case REUSE ->
                        "would be used again, made "
                                + decision.manifest().orElseThrow().createdAt().truncatedTo(ChronoUnit.SECONDS);
                    case SKIP ->
                        "would be skipped: " + decision.stage().skipped().orElseThrow();
                    case MAKE -> decision.manifest().isPresent() ? "would be made anew" : "would be made";
                };
        String digest = Pipeline.fingerprint(decision.stage()).digest().substring(0, 12);
        print(decision.stage().name(), verdict + ", fingerprint " + digest);
    }

    private static void print(String what, String text) {
        System.out.printf("%-11s %s%n", what, text);
    }

    private static String describe(LocalModel model) {
        ModelDirectory directory = model.open();
        return String.format(
                Locale.ROOT,
                "%s: %s, %,d parameters in %s, context %,d, %s",
                model.uri(),
                directory.config().modelType(),
                ParameterLayout.of(directory.config()).size(),
                directory.dtype().torchName(),
                directory.config().contextLength(),
                directory.tokenizerFile().isPresent() ? "with tokenizer" : "no tokenizer: rows must be tokenised");
    }

    private static String describe(RpoObjective objective) {
        if (objective.eta() == 0) {
            return "0: no supervised term keeps chosen answers likely";
        }
        return String.format(
                Locale.ROOT,
                "where policy and reference agree, the supervised term has %.2g %% of the gradient on chosen answers%s",
                100 * objective.shareAtReference(USUAL_TOKENS),
                objective.reduction() == Reduction.SUM ? "" : " of " + USUAL_TOKENS + " tokens");
    }

    private static String describe(List<String> paths, TablePins pins, Configuration hadoop) {
        List<String> words = new ArrayList<>();
        List<String> files =
                paths.stream().filter(path -> !TableSource.isOne(path)).toList();
        if (!files.isEmpty()) {
            InputFiles inputs = InputFiles.resolve(files, hadoop);
            words.add(String.format(
                    Locale.ROOT,
                    "%s: %,d %s, %,d bytes",
                    String.join(", ", files),
                    inputs.files().size(),
                    inputs.files().size() == 1 ? "file" : "files",
                    inputs.bytes()));
        }
        paths.stream()
                .filter(TableSource::isOne)
                .map(path -> path + ": " + pins.pin(path).identity())
                .forEach(words::add);
        return String.join("; ", words);
    }

    private static String heldOut(Settings settings, TablePins pins, Configuration hadoop) {
        if (settings.data().evalFraction() > 0) {
            return settings.data().evalFraction() + " of the prompts";
        }
        return settings.data().eval().isEmpty()
                ? "nothing"
                : describe(settings.data().eval(), pins, hadoop);
    }

    private static String describe(Settings settings) {
        OnlineSettings online = settings.online();
        return String.format(
                Locale.ROOT,
                "%d: %d answers of at most %d tokens to each prompt, rated by %s; the policy is tied to the %s",
                online.rounds(),
                online.samplesPerPrompt(),
                settings.generate().sampling().maxNewTokens(),
                online.by() == By.REWARD_MODEL
                        ? String.join(", ", settings.rate().model())
                        : "the " + online.by().name().toLowerCase(Locale.ROOT) + " of rpo.judge",
                online.reference() == Reference.START ? "first round's reference" : "round before");
    }

    private static String describe(TrainSettings train) {
        return String.format(
                Locale.ROOT,
                "%d %s, %d %s of %d pairs a step, %s at %s, %s",
                train.epochs(),
                train.epochs() == 1 ? "epoch" : "epochs",
                train.workers(),
                train.workers() == 1 ? "worker" : "workers",
                train.pairsPerBatch(),
                train.optimizer().name().toLowerCase(Locale.ROOT),
                train.learningRate(),
                train.schedule().name().toLowerCase(Locale.ROOT));
    }
}
