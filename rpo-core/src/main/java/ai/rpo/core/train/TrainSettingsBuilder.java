package ai.rpo.core.train;

import ai.rpo.core.train.TrainSettings.Optimizer;
import ai.rpo.core.train.TrainSettings.OptimizerDevice;
import ai.rpo.core.train.TrainSettings.Schedule;

/** Builds {@link TrainSettings}; what is not set has the default of {@code rpo.train}. */
public final class TrainSettingsBuilder {

    private int epochs = 1;
    private int pairsPerBatch = 128;
    private int tokensPerMicroBatch = 4096;
    private boolean recompute;
    private double learningRate = 5e-7;
    private double warmupRatio = 0.1;
    private Schedule schedule = Schedule.COSINE;
    private Optimizer optimizer = Optimizer.ADAMW;
    private OptimizerDevice optimizerDevice = OptimizerDevice.AUTO;
    private double weightDecay;
    private double maxGradNorm = 1;
    private double routerAuxLossCoef;
    private boolean shuffle = true;
    private long seed = 42;
    private int workers = 1;
    private int averagingFrequency = 16;
    private int workerTimeout = 1800;
    private int checkpointEvery;
    private int keepCheckpoints = 2;
    private OuterSettings outer = OuterSettings.average();
    private WorkerResources resources = WorkerResources.OF_ANY_TASK;

    TrainSettingsBuilder() {}

    /** Starts from settings that are there. */
    TrainSettingsBuilder(TrainSettings settings) {
        epochs = settings.epochs();
        pairsPerBatch = settings.pairsPerBatch();
        tokensPerMicroBatch = settings.tokensPerMicroBatch();
        recompute = settings.recompute();
        learningRate = settings.learningRate();
        warmupRatio = settings.warmupRatio();
        schedule = settings.schedule();
        optimizer = settings.optimizer();
        optimizerDevice = settings.optimizerDevice();
        weightDecay = settings.weightDecay();
        maxGradNorm = settings.maxGradNorm();
        routerAuxLossCoef = settings.routerAuxLossCoef();
        shuffle = settings.shuffle();
        seed = settings.seed();
        workers = settings.workers();
        averagingFrequency = settings.averagingFrequency();
        workerTimeout = settings.workerTimeout();
        checkpointEvery = settings.checkpointEvery();
        keepCheckpoints = settings.keepCheckpoints();
        outer = settings.outer();
        resources = settings.resources();
    }

    /** Sets the passes over the pairs. */
    public TrainSettingsBuilder epochs(int value) {
        epochs = value;
        return this;
    }

    /** Sets the pairs of one worker's optimizer batch. */
    public TrainSettingsBuilder pairsPerBatch(int value) {
        pairsPerBatch = value;
        return this;
    }

    /** Sets the packed token rows computed at once (gradient accumulation). */
    public TrainSettingsBuilder tokensPerMicroBatch(int value) {
        tokensPerMicroBatch = value;
        return this;
    }

    /** Computes activations again in the backward pass instead of keeping them (gradient checkpointing). */
    public TrainSettingsBuilder recompute(boolean value) {
        recompute = value;
        return this;
    }

    /** Sets the schedule's highest learning rate. */
    public TrainSettingsBuilder learningRate(double value) {
        learningRate = value;
        return this;
    }

    /** Sets the share of all steps over which the learning rate rises. */
    public TrainSettingsBuilder warmupRatio(double value) {
        warmupRatio = value;
        return this;
    }

    /** Sets how the learning rate falls after the warm-up. */
    public TrainSettingsBuilder schedule(Schedule value) {
        schedule = value;
        return this;
    }

    /** Sets the update rule. */
    public TrainSettingsBuilder optimizer(Optimizer value) {
        optimizer = value;
        return this;
    }

    /** Sets where the optimizer's state lies, when a device computes. */
    public TrainSettingsBuilder optimizerDevice(OptimizerDevice value) {
        optimizerDevice = value;
        return this;
    }

    /** Sets the decoupled decay of matrices. */
    public TrainSettingsBuilder weightDecay(double value) {
        weightDecay = value;
        return this;
    }

    /** Sets the global gradient norm above which a gradient is scaled down; 0 for no limit. */
    public TrainSettingsBuilder maxGradNorm(double value) {
        maxGradNorm = value;
        return this;
    }

    /** Sets the weight of the loss that balances the use of a mixture's experts; 0 for none. */
    public TrainSettingsBuilder routerAuxLossCoef(double value) {
        routerAuxLossCoef = value;
        return this;
    }

    /** Orders the pairs anew in each epoch. */
    public TrainSettingsBuilder shuffle(boolean value) {
        shuffle = value;
        return this;
    }

    /** Sets the seed of the shuffling, and of an adapter. */
    public TrainSettingsBuilder seed(long value) {
        seed = value;
        return this;
    }

    /** Sets how many models are trained in parallel and averaged. */
    public TrainSettingsBuilder workers(int value) {
        workers = value;
        return this;
    }

    /** Sets a worker's optimizer steps between two averages (local SGD). */
    public TrainSettingsBuilder averagingFrequency(int value) {
        averagingFrequency = value;
        return this;
    }

    /** Sets the seconds without a sign of a worker after which a round is done again; 0 for never. */
    public TrainSettingsBuilder workerTimeout(int value) {
        workerTimeout = value;
        return this;
    }

    /** Sets the optimizer steps between checkpoints within an epoch; 0 for none. */
    public TrainSettingsBuilder checkpointEvery(int value) {
        checkpointEvery = value;
        return this;
    }

    /** Sets how many of the latest checkpoints are kept. */
    public TrainSettingsBuilder keepCheckpoints(int value) {
        keepCheckpoints = value;
        return this;
    }

    /** Sets what is done with an average. */
    public TrainSettingsBuilder outer(OuterSettings value) {
        outer = value;
        return this;
    }

    /** Sets what a worker asks the cluster for. */
    public TrainSettingsBuilder resources(WorkerResources value) {
        resources = value;
        return this;
    }

    /** @throws IllegalArgumentException if values are out of range, all of them named */
    public TrainSettings build() {
        return new TrainSettings(
                epochs,
                pairsPerBatch,
                tokensPerMicroBatch,
                recompute,
                learningRate,
                warmupRatio,
                schedule,
                optimizer,
                optimizerDevice,
                weightDecay,
                maxGradNorm,
                routerAuxLossCoef,
                shuffle,
                seed,
                workers,
                averagingFrequency,
                workerTimeout,
                checkpointEvery,
                keepCheckpoints,
                outer,
                resources);
    }
}
