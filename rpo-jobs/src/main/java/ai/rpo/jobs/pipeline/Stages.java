package ai.rpo.jobs.pipeline;

import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.gates.GateSettings;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.jobs.online.OnlineSettings.By;
import ai.rpo.spark.reference.ScoredRows;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.train.TrainingListener;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The stages of one run, each with those that it needs:
 *
 * <pre>
 * prepare → score → train → evaluate ─────────────────────→ report
 *                     train, questions → answer-… → judge → report, where rpo.evaluate.judge says so
 *                     train → gauge → report, where rpo.gauge.prompts says so
 * benchmark-before and train → benchmark-after → gates, where rpo.gates.max-benchmark-drop has tasks
 * prepare → data-gates, evaluate and judge → gates → report, where rpo.gates says so
 * prepare-sft → sft
 * prepare-sft → score-sft
 * generate
 * judge
 * benchmark
 * prepare → reward
 * rate
 * distance
 * pair
 * </pre>
 */
public final class Stages {

    private final Workplace place;
    private final Prepare prepare;
    private final Stage score;
    private final Train train;
    private final Stage evaluate;

    public Stages(ResolvedConfiguration configuration, RunDirectory run, SparkLauncher spark) {
        this(configuration, run, spark, remark -> {});
    }

    /** @param reader is told what the stages pass over in the models that they read */
    public Stages(ResolvedConfiguration configuration, RunDirectory run, SparkLauncher spark, Consumer<String> reader) {
        this(configuration, run, spark, new TablePins(spark), reader);
    }

    /** @param pins of all stages of the command */
    public Stages(
            ResolvedConfiguration configuration,
            RunDirectory run,
            SparkLauncher spark,
            TablePins pins,
            Consumer<String> reader) {
        this(configuration, run, spark, pins, TrainingListener.NONE, reader);
    }

    /** @param tracking is told how training goes on */
    public Stages(
            ResolvedConfiguration configuration,
            RunDirectory run,
            SparkLauncher spark,
            TablePins pins,
            TrainingListener tracking,
            Consumer<String> reader) {
        this(configuration, run, spark, pins, tracking, reader, LocalDate.now());
    }

    /** @param today the day on which the command began */
    Stages(
            ResolvedConfiguration configuration,
            RunDirectory run,
            SparkLauncher spark,
            TablePins pins,
            TrainingListener tracking,
            Consumer<String> reader,
            LocalDate today) {
        TableInputs tables = new TableInputs(
                run, spark, pins, configuration.settings().data().key());
        place = new Workplace(
                configuration,
                run,
                spark,
                new InputFingerprints(configuration.settings().model().base(), tables, spark.hadoop()),
                tables,
                tracking,
                new Remarks(reader),
                today);
        prepare = Prepare.pairs(place);
        score = Score.ofPairs(place, prepare);
        train = Train.onPairs(place, score);
        evaluate = new Evaluate(place, score, train);
    }

    public Stage prepare() {
        return prepare;
    }

    /**
     * Looks at what turns the given rows into tokens, before any is read.
     *
     * @throws ai.rpo.core.RpoException where it cannot be used
     */
    public void checkTokenizer() {
        Prepare given = place.configuration().namesSupervisedRowsOnly() ? Prepare.examples(place) : prepare;
        given.checkTokenizer();
    }

    /** Scores the pairs, or supervised rows if nothing else is named. */
    public Stage score() {
        Stage made = place.configuration().namesSupervisedRowsOnly()
                ? Score.ofExamples(place, Prepare.examples(place))
                : score;
        return TableOutput.of(
                place, made, "rpo.score.table", place.settings().tables().score(), true, () -> new TableRows(place)
                        .ofScores(made));
    }

    public Stage train() {
        return train;
    }

    public Stage export() {
        return new Export(place, train.exportedAnyhow());
    }

    public Stage evaluate() {
        return evaluate;
    }

    /** Makes the model, and what is measured of it. */
    private List<Stage> measured() {
        List<Stage> measured = new ArrayList<>(List.of(evaluate, train));
        if (place.settings().gauge().isOn()) {
            measured.add(gauge());
        }
        if (place.settings().evaluate().judge()) {
            Questions questions = new Questions(place);
            measured.add(Judging.ofRun(
                    place, Generate.ofReference(place, questions), Generate.ofTrained(place, questions, train)));
        }
        if (!place.settings().gates().maxBenchmarkDrop().isEmpty()) {
            Gates.requireBenchmarks(place.settings());
            measured.add(Benchmark.before(place));
            measured.add(Benchmark.after(place, train));
        }
        return measured;
    }

    /** Gives the digest of all that the model of {@link #report}, and what is measured of it, depend on. */
    public String fingerprint() {
        Fingerprint all = new Fingerprint(Map.of());
        for (Stage stage : measured()) {
            all = all.and(Pipeline.fingerprint(stage).values());
        }
        return all.digest();
    }

    public Stage report() {
        List<Stage> measured = measured();
        List<Stage> shown = new ArrayList<>();
        GateSettings gates = place.settings().gates();
        if (!gates.ofData().isEmpty()) {
            shown.add(Gates.ofData(place, prepare)); // first, so that of the stages after prepare it is the first, too
        }
        shown.addAll(measured);
        if (!gates.ofModel().isEmpty()) {
            shown.add(Gates.ofModel(place, measured));
        }
        return new Report(place, shown);
    }

    /** Estimates what training on the pairs takes. */
    public Forecast forecast() {
        return Forecast.of(place, prepare, ScoredRows.PAIRS, place.settings().train());
    }

    /** Estimates what supervised fine-tuning takes. */
    public Forecast forecastOfExamples() {
        return Forecast.of(
                place,
                Prepare.examples(place),
                ScoredRows.EXAMPLES,
                place.settings().sft().training());
    }

    /** Estimates what training reward models on the pairs takes. */
    public Forecast forecastOfRewards() {
        return Forecast.ofRewards(place, Prepare.pairsForRewards(place));
    }

    public Stage generate() {
        Stage made = Generate.configured(place);
        return TableOutput.of(
                place, made, "rpo.generate.table", place.settings().tables().generate(), true, () -> new TableRows(
                                place)
                        .ofCompletions(made, place.settings().generate().prompts()));
    }

    public Stage judge() {
        Stage made = Judging.configured(place);
        return TableOutput.of(
                place, made, "rpo.judge.table", place.settings().tables().judge(), false, () -> new TableRows(place)
                        .ofJudgments());
    }

    public Stage reward() {
        return new Reward(place);
    }

    public Stage rate() {
        Stage made = Rate.configured(place);
        return TableOutput.of(
                place, made, "rpo.rate.table", place.settings().tables().rate(), false, () -> new TableRows(place)
                        .ofRatings(made, place.settings().rate().completions()));
    }

    /** Rates the completions of a round, as {@code rpo.online.by} says. */
    public Stage rateRound() {
        return place.settings().online().by() == By.REWARD_MODEL ? rate() : new RateByJudge(place);
    }

    /**
     * Looks, before any round, at whether whoever rates can rate what the policy writes.
     *
     * @throws ai.rpo.core.RpoException where they cannot
     */
    public void checkRounds() {
        rateRound().checkMakeable();
        if (place.settings().online().by() == By.REWARD_MODEL) {
            Rate.rating(place).requireTokensOfPolicy();
        }
    }

    /** Measures how far the policy is from its reference, by its completions at {@code rpo.rate.completions}. */
    public Stage distance() {
        return Rate.distance(place);
    }

    /** Measures the checkpoints of training by their own completions. */
    public Stage gauge() {
        return new Gauging(place, score, train);
    }

    /** Pairs the completions and ratings that lie in the run directory. */
    public Stage pairs() {
        return new Pairs(place);
    }

    public Stage benchmark() {
        return Benchmark.configured(place);
    }

    public Stage sft() {
        return Train.onExamples(place, Prepare.examples(place));
    }
}
