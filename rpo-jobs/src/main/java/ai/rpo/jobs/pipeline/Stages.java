package ai.rpo.jobs.pipeline;

import ai.rpo.jobs.config.ResolvedConfiguration;
import ai.rpo.jobs.launch.SparkLauncher;
import ai.rpo.spark.reference.ScoredRows;
import ai.rpo.spark.store.RunDirectory;

/**
 * The stages of one run, each with those that it needs:
 *
 * <pre>
 * prepare → score → train → evaluate → report
 * prepare-sft → sft
 * prepare-sft → score-sft
 * generate
 * </pre>
 */
public final class Stages {

    private final Workplace place;
    private final Prepare prepare;
    private final Stage score;
    private final Train train;
    private final Stage evaluate;

    public Stages(ResolvedConfiguration configuration, RunDirectory run, SparkLauncher spark) {
        place = new Workplace(
                configuration,
                run,
                spark,
                new InputFingerprints(configuration.settings().model().base(), spark.hadoop()));
        prepare = Prepare.pairs(place);
        score = Score.ofPairs(place, prepare);
        train = Train.onPairs(place, score);
        evaluate = new Evaluate(place, score, train);
    }

    public Stage prepare() {
        return prepare;
    }

    public Stage score() {
        return score;
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

    public Stage report() {
        return new Report(place, train, evaluate);
    }

    public Stage scoreExamples() {
        return Score.ofExamples(place, Prepare.examples(place));
    }

    /** What training on pairs takes. */
    public Forecast forecast() {
        return Forecast.of(place, prepare, ScoredRows.PAIRS, place.settings().train());
    }

    /** What supervised fine-tuning takes. */
    public Forecast forecastOfExamples() {
        return Forecast.of(
                place,
                Prepare.examples(place),
                ScoredRows.EXAMPLES,
                place.settings().sft().training());
    }

    public Stage generate() {
        return new Generate(place);
    }

    public Stage sft() {
        return Train.onExamples(place, Prepare.examples(place));
    }
}
