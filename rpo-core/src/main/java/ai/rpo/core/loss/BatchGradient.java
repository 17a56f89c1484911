package ai.rpo.core.loss;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.ExpertUse;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.decoder.PackedBatch;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.ExampleLogps;
import ai.rpo.core.objective.Metrics;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.Outcome;
import ai.rpo.core.tensor.Noise;
import ai.rpo.core.tensor.Workspace;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Computes the gradient of an objective over an optimizer batch, micro-batch by micro-batch. How the batch is split
 * changes memory and rounding, not the result.
 *
 * <p>Not safe for concurrent use: it owns the workspace of its passes.
 */
public final class BatchGradient implements AutoCloseable {

    /** The loss that balances the use of experts, before its weight; TRL's name. */
    public static final String BALANCE_LOSS = "aux_loss";

    /** Holds what is minimised where there is a balancing loss: the objective's loss, and that one times its weight. */
    public static final String TOTAL_LOSS = "total_loss";

    private static final double[] NONE = {};

    private final Decoder decoder;
    private final Objective objective;
    private final int tokensPerMicroBatch;
    private final boolean recompute;
    private final double balanceWeight;
    private final boolean ofRewards;
    private final Workspace workspace;

    /**
     * @throws IllegalArgumentException if the model is a reward model and the objective is not over rewards, or the
     * reverse
     */
    public BatchGradient(Decoder decoder, Objective objective, int tokensPerMicroBatch, boolean recompute) {
        this(decoder, objective, tokensPerMicroBatch, recompute, 0);
    }

    /**
     * Makes one that adds the loss which balances the use of a mixture's experts; see {@link ExpertUse}.
     *
     * @param balanceWeight of that loss; 0 leaves it out
     * @throws IllegalArgumentException if the model is a reward model and the objective is not over rewards, or the
     * reverse
     */
    public BatchGradient(
            Decoder decoder, Objective objective, int tokensPerMicroBatch, boolean recompute, double balanceWeight) {
        this.decoder = decoder;
        this.objective = objective;
        this.tokensPerMicroBatch = tokensPerMicroBatch;
        this.recompute = recompute;
        this.balanceWeight = balanceWeight;
        ofRewards = decoder.config().reward().isPresent();
        if (ofRewards != objective.needs().rewards()) {
            throw new IllegalArgumentException("The objective " + objective.name() + " is over "
                    + (ofRewards
                            ? "log-probabilities, and the model gives rewards."
                            : "rewards, and the model gives none."));
        }
        this.workspace = new Workspace(decoder.backend());
    }

    /**
     * Adds the gradient to {@code gradients} and returns the batch's metrics.
     *
     * @throws NonFiniteException if a log-probability is not finite
     */
    public StepMetrics add(Parameters weights, List<TrainingExample> batch, Parameters gradients) {
        return add(weights, batch, gradients, this::pack);
    }

    /**
     * Adds the gradient under an adapter's dropout.
     *
     * @param noise seed of this step: what is dropped depends on it, on the example's ordinal and on the token's place
     *     in the example, and not on how the batch is split or on who computes it
     */
    public StepMetrics add(Parameters weights, List<TrainingExample> batch, long noise, Parameters gradients) {
        return add(weights, batch, gradients, part -> pack(part, noise));
    }

    /** Gives the scratch memory back; a later batch would take new. */
    @Override
    public void close() {
        workspace.close();
    }

    private StepMetrics add(
            Parameters weights,
            List<TrainingExample> batch,
            Parameters gradients,
            Function<List<TrainingExample>, PackedBatch> packing) {
        StepMetrics metrics = new StepMetrics();
        BatchSize size = sizeOf(batch);
        List<List<TrainingExample>> parts =
                MicroBatches.of(batch, row -> row.example().packedRows(), tokensPerMicroBatch);
        Balance balance = balance(weights, parts, packing);
        for (List<TrainingExample> part : parts) {
            Decoder.Pass pass = decoder.forward(weights, packing.apply(part), recompute, balance.counting, workspace);
            double[] coefficients = evaluate(part, pass, size, metrics);
            Optional<double[]> slopes = balance.use.map(use -> use.slopes(balanceWeight));
            decoder.backward(weights, pass, coefficients, slopes, gradients, workspace);
        }
        balance.use.ifPresent(use -> {
            double loss = metrics.mean(Metrics.LOSS);
            metrics.putStep(BALANCE_LOSS, use.loss());
            metrics.putStep(TOTAL_LOSS, loss + balanceWeight * use.loss());
        });
        return metrics;
    }

    /**
     * Counts what the batch uses of experts, for the loss that balances it.
     *
     * @param counting the same, where the pass that is trained on counts it
     */
    private record Balance(Optional<ExpertUse> use, Optional<ExpertUse> counting) {}

    /** The gradient of each part needs the counts of all: where there are several, each is passed through once more. */
    private Balance balance(
            Parameters weights,
            List<List<TrainingExample>> parts,
            Function<List<TrainingExample>, PackedBatch> packing) {
        if (balanceWeight == 0) {
            return new Balance(Optional.empty(), Optional.empty());
        }
        ExpertUse use = decoder.noUse();
        if (parts.size() == 1) {
            return new Balance(Optional.of(use), Optional.of(use));
        }
        parts.forEach(part -> use.add(decoder.expertUse(weights, packing.apply(part), workspace)));
        return new Balance(Optional.of(use), Optional.empty());
    }

    private static BatchSize sizeOf(List<TrainingExample> batch) {
        long chosenTokens = batch.stream()
                .mapToLong(e -> e.example().completions().get(0).length)
                .sum();
        return new BatchSize(batch.size(), chosenTokens);
    }

    private PackedBatch pack(List<TrainingExample> part) {
        return decoder.pack(part.stream().map(TrainingExample::example).toList());
    }

    private PackedBatch pack(List<TrainingExample> part, long noise) {
        return decoder.pack(
                part.stream().map(TrainingExample::example).toList(),
                part.stream().mapToLong(row -> Noise.of(noise, row.ordinal())).toArray());
    }

    /**
     * The slope of the batch's loss by each completion's log-probability or reward, or by each token's log-probability
     * where these are asked for.
     */
    private double[] evaluate(List<TrainingExample> part, Decoder.Pass pass, BatchSize size, StepMetrics metrics) {
        double[] numbers = pass.completionLogps();
        if (!Arrays.stream(numbers).allMatch(Double::isFinite)) {
            throw new NonFiniteException(ofRewards ? "a reward" : "a log-probability", part);
        }
        boolean byToken = objective.needs().tokens();
        double[] coefficients = new double[byToken ? pass.tokenLogps().length : numbers.length];
        int completion = 0;
        int token = 0;
        int next = 0;
        for (TrainingExample example : part) {
            int[] tokens = example.completionTokens();
            int ownTokens = Arrays.stream(tokens).sum();
            double[] own = Arrays.copyOfRange(numbers, completion, completion + tokens.length);
            Outcome outcome = objective.evaluate(
                    new ExampleLogps(
                            ofRewards ? NONE : own,
                            example.referenceLogps(),
                            ofRewards ? own : NONE,
                            example.margin(),
                            example.regularized(),
                            tokens,
                            byToken ? Arrays.copyOfRange(pass.tokenLogps(), token, token + ownTokens) : NONE),
                    size);
            metrics.add(example, objective.metrics(), outcome, size);
            double[] slopes = outcome.coefficients();
            System.arraycopy(slopes, 0, coefficients, next, slopes.length);
            next += slopes.length;
            completion += tokens.length;
            token += ownTokens;
        }
        return coefficients;
    }
}
