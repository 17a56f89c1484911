package ai.rpo.core.train;

/** Settings for tests: one epoch, everything in one batch, no clipping. */
public final class TrainSettingsFixture {

    private int epochs = 1;
    private int pairsPerBatch = 64;
    private int tokensPerMicroBatch = 4096;
    private double learningRate = 1e-3;
    private double warmupRatio;
    private TrainSettings.Schedule schedule = TrainSettings.Schedule.CONSTANT;
    private TrainSettings.Optimizer optimizer = TrainSettings.Optimizer.ADAMW;
    private double weightDecay;
    private double maxGradNorm;
    private boolean shuffle;
    private long seed = 1;
    private int workers = 1;
    private int averagingFrequency = 1;
    private int keepCheckpoints = 1;

    public static TrainSettingsFixture constantRate(double rate) {
        TrainSettingsFixture fixture = new TrainSettingsFixture();
        fixture.learningRate = rate;
        return fixture;
    }

    public TrainSettingsFixture epochs(int value) {
        epochs = value;
        return this;
    }

    public TrainSettingsFixture pairsPerBatch(int value) {
        pairsPerBatch = value;
        return this;
    }

    public TrainSettingsFixture tokensPerMicroBatch(int value) {
        tokensPerMicroBatch = value;
        return this;
    }

    public TrainSettingsFixture cosine(double warmup) {
        schedule = TrainSettings.Schedule.COSINE;
        warmupRatio = warmup;
        return this;
    }

    public TrainSettingsFixture sgd() {
        optimizer = TrainSettings.Optimizer.SGD;
        return this;
    }

    public TrainSettingsFixture weightDecay(double value) {
        weightDecay = value;
        return this;
    }

    public TrainSettingsFixture maxGradNorm(double value) {
        maxGradNorm = value;
        return this;
    }

    public TrainSettingsFixture shuffle(long withSeed) {
        shuffle = true;
        seed = withSeed;
        return this;
    }

    public TrainSettingsFixture workers(int count, int averageEvery) {
        workers = count;
        averagingFrequency = averageEvery;
        return this;
    }

    public TrainSettingsFixture keepCheckpoints(int value) {
        keepCheckpoints = value;
        return this;
    }

    public TrainSettings build() {
        return new TrainSettings(
                epochs,
                pairsPerBatch,
                tokensPerMicroBatch,
                false,
                learningRate,
                warmupRatio,
                schedule,
                optimizer,
                weightDecay,
                maxGradNorm,
                shuffle,
                seed,
                workers,
                averagingFrequency,
                0,
                0,
                keepCheckpoints,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
    }
}
