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
    private final Optional<String> memory;
    private final Optional<String> deviceMemory;

    /**
     * @param memory of an executor beside its heap, where the user says how much there is
     * @param deviceMemory of its GPU, the same
     */
    Validation(JobOptions options, Optional<String> memory, Optional<String> deviceMemory) {
        this.options = options;
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
        ResolvedConfiguration given = options.ofGivenRows();
        boolean supervised = given.namesSupervisedRowsOnly();
        try (SparkLauncher spark = new SparkLauncher("rpo validate", options.master(), given.spark())) {
            TablePins pins = new TablePins(spark);
            ResolvedConfiguration configuration = pins.pinned(given);
            Settings settings = configuration.settings();
            Configuration hadoop = spark.hadoop();
            RunDirectory run = new RunDirectory(Stores.path(settings.output().orElseThrow()), hadoop);
            String model = settings.model().path().orElseThrow();
            TrainSettings train = supervised ? settings.sft().training() : settings.train();
            LocalModel.outline(model, settings.lora().basePrecision(), hadoop)
                    .ifPresent(outline -> printOutline(outline, settings, train, spark));
            LocalModel start = LocalModel.of(model, settings.model().base(), hadoop)
                    .with(settings.lora().basePrecision());
            print("model", describe(start));
            start.remarks().forEach(remark -> print("note", remark));
            requireContext(settings.data().maxLength(), start.open().config().contextLength());
            if (supervised) {
                print("data", describe(settings.sft().data(), pins, hadoop));
            } else {
                print(
                        "reference",
                        settings.reference()
                                .path()
                                .map(path -> describe(
                                        LocalModel.of(path, settings.model().base(), hadoop)))
                                .orElse("the same model"));
                print("data", describe(settings.data().train(), pins, hadoop));
                print("held out", heldOut(settings, pins, hadoop));
                print("objective", settings.objective().describe());
                if (settings.objective() instanceof RpoObjective objective) {
                    print("eta", describe(objective));
                }
            }
            print(
                    "training",
                    describe(train) + ", " + settings.precision().key());
            Runnable requireFits = printMemory(start.open(), settings, train, spark);
            print("spark", spark.master());
            print("output", run.path().toString());
            Stages stages = new Stages(configuration, run, spark, pins, remark -> {});
            stages.checkTokenizer();
            Pipeline pipeline = new Pipeline(run, settings.overwrite(), ProgramVersion.get());
            System.out.println();
            List<Decision> plan = pipeline.plan(supervised ? stages.sft() : stages.report());
            plan.forEach(Validation::print);
            printSteps(plan, train);
            requireFits.run();
        }
    }

    /** Says what a model will need, by its sizes; that its weights are not there is what opening it says next. */
    private void printOutline(ModelDirectory outline, Settings settings, TrainSettings train, SparkLauncher spark) {
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
        printMemory(outline, settings, train, spark);
    }

    /** Returns the check of what was printed, which comes last. */
    private Runnable printMemory(ModelDirectory start, Settings settings, TrainSettings train, SparkLauncher spark) {
        NativeRoom room = NativeRoom.of(spark, memory);
        MemoryNeed need = new MemoryNeed(start, settings, train);
        if (deviceMemory.isEmpty() && !NativeRoom.onGpu(spark)) {
            print("memory", need.describe());
            print("there is", room.describe());
            print("driver", need.describeDriver());
            return () -> need.requireFits(room);
        }
        OptionalLong device = deviceMemory.isPresent()
                ? OptionalLong.of(NativeRoom.bytes("--device-memory", deviceMemory.get()))
                : OptionalLong.empty();
        DeviceNeed onDevice = new DeviceNeed(start, settings, train, device);
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
