package ai.rpo.core.train;

/** Settings for tests: one epoch, everything in one batch, no clipping. */
public final class TrainSettingsFixture {

    private final TrainSettingsBuilder settings = TrainSettings.builder()
            .pairsPerBatch(64)
            .warmupRatio(0)
            .schedule(TrainSettings.Schedule.CONSTANT)
            .maxGradNorm(0)
            .shuffle(false)
            .seed(1)
            .averagingFrequency(1)
            .workerTimeout(0)
            .keepCheckpoints(1);

    public static TrainSettingsFixture constantRate(double rate) {
        TrainSettingsFixture fixture = new TrainSettingsFixture();
        fixture.settings.learningRate(rate);
        return fixture;
    }

    public TrainSettingsFixture epochs(int value) {
        settings.epochs(value);
        return this;
    }

    public TrainSettingsFixture pairsPerBatch(int value) {
        settings.pairsPerBatch(value);
        return this;
    }

    public TrainSettingsFixture tokensPerMicroBatch(int value) {
        settings.tokensPerMicroBatch(value);
        return this;
    }

    public TrainSettingsFixture cosine(double warmup) {
        settings.schedule(TrainSettings.Schedule.COSINE).warmupRatio(warmup);
        return this;
    }

    public TrainSettingsFixture sgd() {
        settings.optimizer(TrainSettings.Optimizer.SGD);
        return this;
    }

    public TrainSettingsFixture weightDecay(double value) {
        settings.weightDecay(value);
        return this;
    }

    public TrainSettingsFixture maxGradNorm(double value) {
        settings.maxGradNorm(value);
        return this;
    }

    public TrainSettingsFixture shuffle(long withSeed) {
        settings.shuffle(true).seed(withSeed);
        return this;
    }

    public TrainSettingsFixture workers(int count, int averageEvery) {
        settings.workers(count).averagingFrequency(averageEvery);
        return this;
    }

    public TrainSettingsFixture optimizerDevice(TrainSettings.OptimizerDevice value) {
        settings.optimizerDevice(value);
        return this;
    }

    public TrainSettingsFixture keepCheckpoints(int value) {
        settings.keepCheckpoints(value);
        return this;
    }

    public TrainSettings build() {
        return settings.build();
    }
}
