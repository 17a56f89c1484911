package ai.rpo.jobs.pipeline;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.spark.device.Cores;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.prepare.DataEstimate;
import ai.rpo.spark.reference.ScoredRows;
import ai.rpo.spark.reference.ScoringRate;
import ai.rpo.spark.reward.RewardSettings;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Says what a run is expected to take, from a sample of its rows and from how fast this machine scores some of them.
 * Counts neither what starting Spark and loading models take, some seconds a stage, nor what a cache of scores will
 * spare.
 *
 * @param rate of all cores of this machine that a task would have
 * @param threads that the rate was measured with
 * @param cores that the run will have
 * @param steps of the optimizer, for all models that are trained
 * @param dataBytes of {@code data/}
 * @param referenceBytes of {@code reference/} and the scores
 * @param trainBytes of checkpoints and the model
 * @param prepare the time of all cores together, in seconds, as for the others
 * @param scoredTokens token rows of scoring, each prompt once
 * @param trainedTokens the work of training, in tokens that are scored in the same time
 * @param deviceRate tokens that one device scores in a second, where the configuration says so
 */
public record Forecast(
        DataEstimate data,
        ScoringRate rate,
        int threads,
        int cores,
        long steps,
        double dataBytes,
        double referenceBytes,
        double trainBytes,
        double prepare,
        double score,
        double train,
        int trainCores,
        double scoredTokens,
        double trainedTokens,
        OptionalInt deviceRate) {

    private static final int SAMPLED_ROWS = 2000;

    /** Writing and sorting rows beside tokenising them; measured on conversations of 300 tokens. */
    private static final double PREPARE_OVERHEAD = 1.5;

    /** A backward pass has two products for each of the forward pass. */
    private static final double TRAINING_PASSES = 3;

    private static final double PASSES_WITH_RECOMPUTING = 4;

    /** Key, two numbers, their lengths. */
    private static final double BYTES_OF_A_SCORE = 48;

    /** AdamW, the gradient's norm and DL4J's passes over both, in core-seconds: measured with 134 M parameters. */
    private static final double UPDATE_OF_A_PARAMETER = 6e-9;

    /**
     * @param kind of rows that are scored and trained on
     * @param training of one model
     */
    static Forecast of(Workplace place, Prepare prepare, ScoredRows kind, TrainSettings training) {
        LocalModel reference = place.openFrozen(place.reference());
        return of(place, prepare, kind, true, training, reference, place.openFrozen(place.model()), 1);
    }

    /**
     * Estimates what training the reward models takes, which needs no reference. A language model, whose head is yet to be drawn,
     * is timed with its own.
     */
    static Forecast ofRewards(Workplace place, Prepare prepare) {
        LocalModel model = LocalModel.forRewards(
                place.model(),
                place.settings().reward().training().seed(),
                place.spark().hadoop());
        RewardSettings reward = place.settings().reward();
        LocalModel timed = model.open().hasDrawnHead() ? place.open(place.model()) : model;
        return of(place, prepare, ScoredRows.PAIRS, false, reward.training(), timed, model, reward.members());
    }

    /**
     * @param scored whether a reference's scores are needed
     * @param timed the model by whose rate time is reckoned
     * @param start that each of the models starts from
     */
    private static Forecast of(
            Workplace place,
            Prepare prepare,
            ScoredRows kind,
            boolean scored,
            TrainSettings training,
            LocalModel timed,
            LocalModel start,
            int models) {
        DataEstimate data = prepare.work().estimate(place.spark().session(), SAMPLED_ROWS);
        if (data.kept().isEmpty()) {
            throw RpoException.data("Cannot plan: none of " + data.sampled()
                    + " rows that were looked at can be kept. Run prepare, which says why of each.");
        }
        Cores cores = Cores.of(place.spark().session());
        int threads = Math.min(cores.perExecutor(), Runtime.getRuntime().availableProcessors());
        ScoringRate rate = ScoringRate.measure(kind, data.kept(), timed, place.scoring(), threads);
        double rows = data.trainRows() + data.evalRows();
        double tokens = rows * rate.tokensPerRow();
        double scoredTokens = scored ? tokens : 0;
        double coreSecondsPerToken = threads / rate.tokensPerSecond();
        double trainShare = data.trainRows() / rows;
        double passes = training.recompute() ? PASSES_WITH_RECOMPUTING : TRAINING_PASSES;
        double trainedTokens = models * tokens * trainShare * passes * training.epochs();
        ModelDirectory model = start.open();
        long parameters = ParameterLayout.of(model.config()).size();
        Optional<Lora> adapter = place.settings().lora().on(model);
        long trained = adapter.map(
                        own -> ParameterLayout.of(model.config(), own).size())
                .orElse(parameters);
        long steps = training.totalSteps(Math.max(1, Math.round(data.trainRows())));
        return new Forecast(
                data,
                rate,
                threads,
                cores.total(),
                models * steps,
                rows * data.bytesPerRow(),
                scored ? rows * (data.bytesPerRow() + BYTES_OF_A_SCORE) : 0,
                models * Float.BYTES * (double) (parameters + trained * copies(training, steps)),
                data.rows() * data.secondsPerRow() * PREPARE_OVERHEAD,
                scoredTokens * coreSecondsPerToken,
                trainedTokens * coreSecondsPerToken
                        + models * steps * training.workers() * trained * UPDATE_OF_A_PARAMETER,
                Math.min(cores.total(), training.workers() * cores.perExecutor()),
                scoredTokens,
                trainedTokens,
                place.settings().plan().deviceTokensPerSecond());
    }

    /** Counts the trained parameters in all checkpoints that are kept: the numbers themselves and their moments. */
    private static long copies(TrainSettings training, long steps) {
        long between = training.checkpointEvery() == 0 ? 0 : steps / training.checkpointEvery();
        long moments = training.optimizer() == TrainSettings.Optimizer.ADAMW ? 2 : 0;
        return (1 + moments) * Math.min(training.keepCheckpoints(), training.epochs() + between);
    }

    /** Hours of one device for scoring, where its speed is known. */
    public OptionalDouble deviceHoursOfScoring() {
        return deviceHours(scoredTokens);
    }

    /** Estimates them for training. */
    public OptionalDouble deviceHoursOfTraining() {
        return deviceHours(trainedTokens);
    }

    private OptionalDouble deviceHours(double tokens) {
        return deviceRate.isPresent()
                ? OptionalDouble.of(tokens / deviceRate.getAsInt() / 3600)
                : OptionalDouble.empty();
    }
}
