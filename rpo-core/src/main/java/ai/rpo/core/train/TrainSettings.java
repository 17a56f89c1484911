package ai.rpo.core.train;

import ai.rpo.core.CostOnly;
import ai.rpo.core.RpoException;
import ai.rpo.core.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Says how the policy is trained; the keys of {@code rpo.train}.
 *
 * @param epochs passes over the pairs
 * @param pairsPerBatch pairs in one worker's optimizer batch
 * @param tokensPerMicroBatch packed token rows that are computed at once; a batch above it is split, with the same
 *     update
 * @param recompute compute activations again on the way back instead of keeping them: far less memory, about a third
 *     more time
 * @param learningRate the schedule's highest
 * @param warmupRatio share of all steps over which the rate rises linearly
 * @param schedule how it falls after that
 * @param optimizer update rule
 * @param optimizerDevice where the optimizer's state lies, when a device computes
 * @param weightDecay decoupled decay of matrices; vectors are not decayed
 * @param maxGradNorm global gradient norm above which a gradient is scaled down; 0 for no limit
 * @param routerAuxLossCoef weight of the loss that balances the use of a mixture's experts; 0 for none
 * @param shuffle whether each epoch orders the pairs anew; false keeps the input's order
 * @param seed of the shuffling
 * @param workers models trained in parallel and averaged
 * @param averagingFrequency a worker's optimizer steps between two averages
 * @param workerTimeout seconds in which no worker gives a sign after which a round is done again; 0 for never
 * @param checkpointEvery optimizer steps between two checkpoints besides those at the end of each epoch; 0 for none
 * @param keepCheckpoints how many of the latest checkpoints are kept; at least 1
 * @param outer what is done with an average
 * @param resources what a worker asks the cluster for
 */
public record TrainSettings(
        int epochs,
        int pairsPerBatch,
        @CostOnly int tokensPerMicroBatch,
        @CostOnly boolean recompute,
        double learningRate,
        double warmupRatio,
        Schedule schedule,
        Optimizer optimizer,
        @CostOnly OptimizerDevice optimizerDevice,
        double weightDecay,
        double maxGradNorm,
        double routerAuxLossCoef,
        boolean shuffle,
        long seed,
        int workers,
        int averagingFrequency,
        @CostOnly int workerTimeout,
        int checkpointEvery,
        @CostOnly int keepCheckpoints,
        OuterSettings outer,
        WorkerResources resources) {

    /** Says how the learning rate falls after the warm-up. */
    public enum Schedule {
        COSINE,
        LINEAR,
        CONSTANT
    }

    /** Update rules. */
    public enum Optimizer {
        ADAMW,
        SGD
    }

    /**
     * Says where the optimizer's state lies and its steps are taken, when a device computes: the parameters that are trained, in
     * float32, and their moments. The numbers are the same to rounding.
     */
    public enum OptimizerDevice {
        /** Takes the device if all of it fits there beside the passes, else in the host's memory. */
        AUTO,
        /** Takes the host's memory; the device has the gradients, and a copy of the weights that is written anew for each step. */
        HOST,
        /** Takes the device that computes. */
        DEVICE
    }

    /** Starts from the defaults of {@code rpo.train}. */
    public static TrainSettingsBuilder builder() {
        return new TrainSettingsBuilder();
    }

    /** Starts from these settings. */
    public TrainSettingsBuilder toBuilder() {
        return new TrainSettingsBuilder(this);
    }

    public TrainSettings {
        List<String> problems = new ArrayList<>();
        atLeastOne(problems, "epochs", epochs);
        atLeastOne(problems, "pairs-per-batch", pairsPerBatch);
        atLeastOne(problems, "tokens-per-micro-batch", tokensPerMicroBatch);
        atLeastOne(problems, "workers", workers);
        atLeastOne(problems, "averaging-frequency", averagingFrequency);
        atLeastOne(problems, "keep-checkpoints", keepCheckpoints);
        notNegative(problems, "worker-timeout", workerTimeout);
        notNegative(problems, "checkpoint-every", checkpointEvery);
        notNegative(problems, "learning-rate", learningRate);
        notNegative(problems, "weight-decay", weightDecay);
        notNegative(problems, "max-grad-norm", maxGradNorm);
        notNegative(problems, "router-aux-loss-coef", routerAuxLossCoef);
        if (!(warmupRatio >= 0 && warmupRatio <= 1)) {
            problems.add("warmup-ratio must lie between 0 and 1, but is " + warmupRatio);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /**
     * Checks that these can be the settings of a model.
     *
     * @throws RpoException if the use of experts is to be balanced, and the model has none
     */
    public void requireFor(ModelConfig config) {
        if (routerAuxLossCoef > 0 && config.architecture().mixture().isEmpty()) {
            throw RpoException.configuration("Cannot balance the use of experts with router-aux-loss-coef = "
                    + routerAuxLossCoef + ": a " + config.modelType() + " model has none. Set it to 0.");
        }
    }

    /** Optimizer steps that each worker makes over the whole run, {@code epochs·⌈pairs/(workers·pairsPerBatch)⌉}. */
    public long totalSteps(long pairs) {
        return epochs * stepsPerEpoch(pairs);
    }

    /** The last step of an epoch may be short; nothing is dropped. */
    public long stepsPerEpoch(long pairs) {
        long perStep = (long) workers * pairsPerBatch;
        return (pairs + perStep - 1) / perStep;
    }

    private static void atLeastOne(List<String> problems, String key, int value) {
        if (value < 1) {
            problems.add(key + " must be at least 1, but is " + value);
        }
    }

    private static void notNegative(List<String> problems, String key, int value) {
        if (value < 0) {
            problems.add(key + " must be at least 0, but is " + value);
        }
    }

    private static void notNegative(List<String> problems, String key, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            problems.add(key + " must be at least 0, but is " + value);
        }
    }
}
