package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.model.BasePrecision;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.Supervised;
import ai.rpo.core.train.SelectionSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.jobs.online.OnlineSettings.Base;
import ai.rpo.jobs.online.OnlineSettings.Moments;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.gauge.GaugedCheckpoints;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.train.BaseRows;
import ai.rpo.spark.train.CheckpointChoice;
import ai.rpo.spark.train.HeldOut;
import ai.rpo.spark.train.KeptOptimizer;
import ai.rpo.spark.train.RowUse;
import ai.rpo.spark.train.TrainStage;
import ai.rpo.spark.train.TrainingListener;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import org.apache.hadoop.fs.Path;

/** Rows become a model: scored pairs by preference, prompt/completion rows by imitation. */
final class Train implements Stage {

    private static final String MODEL = "model";
    static final String EXPORT = "rpo.export";
    private static final String HELD_OUT = "reference/eval";

    /** Says where checkpoints are gauged while training goes on. */
    static final String GAUGE = "train/gauge";

    /** Names keys of {@code rpo.lora} which fingerprints taken before there were these do not have. */
    private static final List<String> LATER_KEYS =
            List.of("target-parameters", "rank-pattern", "alpha-pattern", "layers", "modules-to-save");

    private final Workplace place;
    private final String name;
    private final String folder;
    private final String replaced;
    private final Stage rowsFrom;
    private final Objective objective;
    private final TrainSettings settings;
    private final boolean exportedAnyhow;
    private final Measuring measuring;

    private Train(
            Workplace place,
            String name,
            String folder,
            String replaced,
            Stage rowsFrom,
            Objective objective,
            TrainSettings settings,
            boolean exportedAnyhow) {
        this.place = place;
        this.name = name;
        this.folder = folder;
        this.replaced = replaced;
        this.rowsFrom = rowsFrom;
        this.objective = objective;
        this.settings = settings;
        this.exportedAnyhow = exportedAnyhow;
        this.measuring = new Measuring(place);
    }

    /** Describes the same training, whatever form its model was written in. */
    Train exportedAnyhow() {
        return new Train(place, name, folder, replaced, rowsFrom, objective, settings, true);
    }

    static Train onPairs(Workplace place, Stage score) {
        return new Train(
                place,
                "train",
                "train",
                "sft/train",
                score,
                place.settings().objective(),
                place.settings().train(),
                false);
    }

    static Train onExamples(Workplace place, Stage prepare) {
        TrainSettings settings = place.settings().sft().training();
        return new Train(place, "sft", "sft/train", "train", prepare, new Supervised(), settings, false);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String folder() {
        return folder;
    }

    @Override
    public List<String> otherFolders() {
        return List.of(MODEL);
    }

    @Override
    public List<String> replaces() {
        return List.of(replaced);
    }

    @Override
    public String product() {
        return MODEL;
    }

    @Override
    public List<Stage> requires() {
        return List.of(rowsFrom);
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("rpo.model.path", place.inputs().weights(place.model()));
        values.put("rpo.precision", place.settings().precision().key());
        if (isOnPairs()) {
            values.putAll(place.configuration().valuesUnder("rpo.objective"));
            values.remove("rpo.objective.name", "rpo"); // the only one when fingerprints were first taken
            values.putAll(place.configuration().valuesUnder("rpo.selection"));
            place.requireHeldOutPairs();
            if (place.settings().selection().isByGauge()) {
                values.putAll(measuring.dependsOn());
                values.putAll(place.configuration().valuesUnder("rpo.gauge"));
            }
        }
        if (isInRound() && place.settings().online().regularizeOn() != Base.BOTH) {
            values.put(
                    "rpo.online.regularize-on",
                    place.settings().online().regularizeOn().name());
        }
        optimizer().ifPresent(kept -> values.put("rpo.online.optimizer", "KEPT " + kept.run()));
        values.putAll(place.configuration().effectsUnder("rpo." + name));
        if (settings.routerAuxLossCoef() == 0) {
            values.remove("rpo." + name + ".router-aux-loss-coef"); // as before there was a key
        }
        values.putAll(place.configuration().valuesUnder("rpo.lora"));
        values.remove("rpo.lora.base-precision", BasePrecision.AS_STORED.key()); // the only one before there was a key
        values.remove("rpo.lora.dora", "false");
        LATER_KEYS.forEach(key -> values.remove("rpo.lora." + key, ""));
        values.putAll(exportValues());
        if (!isSelecting()) {
            values.remove("rpo." + name + ".checkpoint-every"); // which decides what there is to choose from
        }
        values.remove("rpo.sft.data"); // the rows have been read, and their stage's fingerprint tells them
        return values;
    }

    @Override
    public boolean resumes() {
        return true;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        if (isGauged()) { // whatever is wrong with the gauge shows before training has cost anything
            measuring.gauge(GAUGE).measure(0, place.open(place.model()), progress);
        }
        TrainStage.Result result = stage().run(request(fingerprint, place.run().path(MODEL)), listener(), progress);
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("rows", result.rows());
        counts.put("steps", result.steps());
        return counts;
    }

    /** The report is drawn whether or not a tracker fails. */
    private TrainingListener listener() {
        LiveReport report = new LiveReport(place.run().path(), place.spark().hadoop());
        return new TrainingListener() {
            @Override
            public void steps(List<Map<String, Object>> lines) {
                place.tracking().steps(lines);
            }

            @Override
            public void checkpoint(long step) {
                place.tracking().checkpoint(step);
                report.checkpoint(step);
            }
        };
    }

    /** Writes the trained model once more, as the settings say now. */
    void export(Path target) {
        stage().export(request(Pipeline.fingerprint(this), target));
    }

    private TrainStage stage() {
        return new TrainStage(
                place.spark().session(),
                place.openFrozen(place.model()),
                place.settings().lora(),
                objective,
                settings,
                place.settings().precision(),
                isInRound() ? RowUse.regularizingOn(base()) : RowUse.ALL);
    }

    /** Tells whether the rows are those of a round online. */
    private boolean isInRound() {
        return isOnPairs() && place.run().exists(Pairs.REPORT);
    }

    /**
     * Finds the moments of the round that has made the model which this one starts from; empty in a first round, and where
     * none is kept.
     */
    private Optional<KeptOptimizer> optimizer() {
        if (!isInRound() || place.settings().online().optimizer() != Moments.KEPT) {
            return Optional.empty();
        }
        Path before = new Path(place.model()).getParent();
        RunDirectory round = new RunDirectory(before, place.spark().hadoop());
        return before.getParent().equals(place.run().path().getParent())
                ? round.artifact(folder)
                        .manifest()
                        .map(manifest -> new KeptOptimizer(
                                round.path(folder), manifest.fingerprint().digest()))
                : Optional.empty();
    }

    /** The round's own rows come first. */
    private BaseRows base() {
        long own = Json.tree(place.run().file(Pairs.REPORT).read().orElseThrow())
                .get("pairs")
                .asLong();
        return switch (place.settings().online().regularizeOn()) {
            case ROUND -> new BaseRows(0, own);
            case OFFLINE -> new BaseRows(own, Long.MAX_VALUE);
            case BOTH -> BaseRows.ALL;
        };
    }

    private TrainStage.Request request(Fingerprint fingerprint, Path model) {
        return new TrainStage.Request(
                place.run().path(rowsFrom.folder() + "/train"),
                place.run().path(folder),
                model,
                place.settings()
                        .export()
                        .of(place.openFrozen(place.model()).open().dtype()),
                fingerprint.digest(),
                place.isOwnReference(),
                facts(fingerprint),
                choice(),
                optimizer(),
                place.run().fence());
    }

    /** Those that the model was exported with, where another export is to be made of it. */
    private Map<String, String> exportValues() {
        Map<String, String> configured = place.configuration().valuesUnder(EXPORT);
        if (!exportedAnyhow) {
            return configured;
        }
        Map<String, String> found = new LinkedHashMap<>();
        place.run().artifact(folder).manifest().ifPresent(manifest -> manifest.fingerprint()
                .values()
                .forEach((key, value) -> {
                    if (key.startsWith(EXPORT + ".")) {
                        found.put(key, value);
                    }
                }));
        return found.isEmpty() ? configured : found;
    }

    private boolean isOnPairs() {
        return name.equals("train");
    }

    private boolean isGauged() {
        return isOnPairs() && measuring.isOn();
    }

    @Override
    public void checkMakeable() {
        if (settings.routerAuxLossCoef() > 0) {
            settings.requireFor(place.openFrozen(place.model()).open().config());
        }
        if (isOnPairs()) {
            measuring.check();
        }
    }

    /** Opens the checkpoints that are kept of the finished training. */
    SortedMap<Long, LocalModel> checkpoints() {
        return stage().kept(request(Pipeline.fingerprint(this), place.run().path(MODEL)));
    }

    private boolean isSelecting() {
        return isOnPairs() && place.settings().selection().metric().isPresent();
    }

    private CheckpointChoice choice() {
        SelectionSettings selection = place.settings().selection();
        if (!isOnPairs()) {
            return CheckpointChoice.LAST;
        }
        CheckpointChoice choice = CheckpointChoice.LAST;
        if (selection.isByGauge()) {
            choice = GaugedCheckpoints.choice(selection);
        } else if (isSelecting()) {
            place.requireHeldOutPairsIn(HELD_OUT);
            choice = HeldOut.choice(
                    place.spark().session(), place.run().path(HELD_OUT), objective, place.scoring(), selection);
        }
        return isGauged() ? choice.and(measuring.ofCheckpoints(GAUGE)) : choice;
    }

    /** Gives facts for the model card. */
    private Map<String, String> facts(Fingerprint fingerprint) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("started from", place.model());
        facts.put("fingerprint", fingerprint.digest());
        facts.putAll(fingerprint.values());
        facts.putAll(place.configuration().valuesUnder(EXPORT));
        return facts;
    }
}
