package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.prepare.PrepareStage;
import ai.rpo.spark.prepare.Prepared;
import ai.rpo.spark.prepare.PreparedFindings;
import ai.rpo.spark.prepare.RowKind;
import ai.rpo.spark.prepare.TargetModel;
import ai.rpo.spark.store.Fingerprint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Rows of text become rows of token ids: preference pairs, or prompt/completion rows. */
final class Prepare implements Stage {

    private static final List<String> PAIRS_ONLY =
            List.of("rpo.data.train", "rpo.data.eval", "rpo.data.eval-fraction", "rpo.data.format");

    /** They decide whether the data are used, not what they are; {@link #checkReuse} asks them again. */
    private static final List<String> LIMITS = List.of(
            "rpo.data.max-rejected-fraction",
            "rpo.data.limits.max-duplicate-fraction",
            "rpo.data.limits.max-conflict-fraction",
            "rpo.data.limits.max-leaked-fraction");

    private final Workplace place;
    private final String name;
    private final String folder;
    private final String rejected;
    private final RowKind kind;
    private final DataSettings data;
    private final Optional<String> margin;
    private final Supplier<LocalModel> model;

    private Prepare(
            Workplace place,
            String name,
            String folder,
            String rejected,
            RowKind kind,
            DataSettings data,
            Optional<String> margin,
            Supplier<LocalModel> model) {
        this.place = place;
        this.name = name;
        this.folder = folder;
        this.rejected = rejected;
        this.kind = kind;
        this.data = data;
        this.margin = margin;
        this.model = model;
    }

    static Prepare pairs(Workplace place) {
        return pairs(place, Optional.empty(), place::located);
    }

    /** Prepares the same pairs for what may be a reward model. */
    static Prepare pairsForRewards(Workplace place) {
        return pairs(place, place.settings().reward().marginField(), place::locatedForRewards);
    }

    private static Prepare pairs(Workplace place, Optional<String> margin, Supplier<LocalModel> model) {
        return new Prepare(
                place,
                "prepare",
                "data",
                "rejected",
                RowKind.PAIRS,
                place.settings().data(),
                margin,
                model);
    }

    /** The rows of {@code rpo.sft.data}, cut and counted as {@code rpo.data} says. */
    static Prepare examples(Workplace place) {
        DataSettings data = place.settings().data().toBuilder()
                .train(place.settings().sft().data())
                .eval(List.of())
                .evalFraction(0)
                .format(Optional.empty())
                .nearDuplicates(false)
                .build();
        return new Prepare(
                place,
                "prepare-sft",
                "sft/data",
                "sft/rejected",
                RowKind.EXAMPLES,
                data,
                Optional.empty(),
                place::located);
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
        return List.of(rejected);
    }

    @Override
    public List<Stage> requires() {
        return List.of();
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>(place.configuration().valuesUnder("rpo.data"));
        LIMITS.forEach(values::remove);
        if (data.key().isEmpty()) {
            values.remove("rpo.data.key"); // so that what was made before there were keys counts on
        }
        if (kind == RowKind.PAIRS) {
            values.put("rpo.data.train", place.inputs().data(data.train()));
            values.put("rpo.data.eval", place.inputs().data(data.eval()));
        } else {
            values.keySet().removeAll(PAIRS_ONLY);
            values.put("rpo.sft.data", place.inputs().data(data.train()));
        }
        margin.ifPresent(field -> values.put("rpo.reward.margin-field", field));
        values.putAll(place.template().dependsOn());
        return values;
    }

    @Override
    public Map<String, String> inputs() {
        List<String> paths = new ArrayList<>(data.train());
        paths.addAll(data.eval());
        return place.inputs().described(paths);
    }

    @Override
    public void checkReuse() {
        place.run().file(folder + "/report.json").read().ifPresent(report -> new PreparedFindings(report)
                .stopAbove(data));
    }

    /** Looks at what turns the rows into tokens, before any is read. */
    void checkTokenizer() {
        work(data).checkTokenizer();
    }

    /** The work on rows in files, to which those in tables have been copied. */
    PrepareStage work() {
        return work(data.toBuilder()
                .train(place.tables().asFiles(data.train()))
                .eval(place.tables().asFiles(data.eval()))
                .build());
    }

    private PrepareStage work(DataSettings rows) {
        return new PrepareStage(
                kind, rows, margin, TargetModel.of(model.get(), place.template().choice()));
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        place.keepDate(place.template().choice());
        Prepared prepared = work().run(
                        place.spark().session(),
                        place.run().path(folder),
                        place.run().path(rejected),
                        progress);
        place.inputs().requireUnchanged(data.train());
        place.inputs().requireUnchanged(data.eval());
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("train_rows", prepared.trainRows());
        counts.put("eval_rows", prepared.evalRows());
        counts.put("rows_left_out", prepared.rejectedRows());
        place.run()
                .file(folder + "/report.json")
                .read()
                .ifPresent(report -> counts.putAll(new PreparedFindings(report).remarks()));
        return counts;
    }
}
