package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.ScratchMemory;
import ai.rpo.core.model.BasePrecision;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.TrainSettings.OptimizerDevice;
import ai.rpo.core.train.TrainingMemory;
import ai.rpo.jobs.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * Memory that one task needs on a GPU and in its host, in bytes, under the CUDA engine; and what would fit where this does
 * not. Rows are taken to be as long as they may be, half of each the prompt.
 */
final class DeviceNeed {

    private static final int USUAL_RANK = 16;
    private static final double PACKED_ROWS = 1.5; // of a pair, in lengths of its prompt with one completion

    private final Settings settings;
    private final String keys;
    private final OptionalLong device;
    private final Way asked;
    private final Need need;

    /**
     * @param deviceBytes memory of the GPU, where it is known
     */
    DeviceNeed(ModelDirectory start, Settings settings, Work work, OptionalLong deviceBytes) {
        this.settings = settings;
        keys = work.trainingKeys();
        device = deviceBytes;
        asked = new Way(
                "", start, settings.lora().on(start), work.training(settings).orElseThrow());
        need = need(asked);
    }

    /** One way to train, and by which keys it differs from what was asked for. */
    private record Way(String keys, ModelDirectory start, Optional<Lora> lora, TrainSettings train) {}

    /** Bytes of one way. */
    private record Need(long scoring, long training, long host, boolean atHome) {

        long onDevice() {
            return Math.max(scoring, training);
        }
    }

    private Need need(Way way) {
        ModelConfig config = way.start.config();
        Weights below = way.start.withoutAdapter().weights();
        boolean rounded = settings.precision() == Precision.BFLOAT16;
        long frozen = ParameterLayout.of(config).entries().stream()
                .mapToLong(entry -> MemoryNeed.frozenBytes(entry, below, rounded))
                .sum();
        int length = length(config);
        long scoring = frozen
                + Float.BYTES
                        * ScratchMemory.ofScoring(
                                config, below, length, settings.reference().tokensPerBatch());
        long passes = ScratchMemory.ofTraining(
                config, way.lora, below, length, way.train.tokensPerMicroBatch(), way.train.recompute());
        long beside = (way.lora.isPresent() ? frozen : 0)
                + (settings.selection().metric().isPresent() ? scoring : 0); // of a checkpoint, while networks wait
        TrainingMemory there = memory(way, passes, false);
        boolean atHome =
                switch (way.train.optimizerDevice()) {
                    case HOST -> true;
                    case DEVICE -> false;
                    case AUTO -> way.lora.isEmpty() && !fits(there.device() + beside);
                };
        TrainingMemory training = atHome ? memory(way, passes, true) : there;
        return new Need(scoring, training.device() + beside, training.host(), atHome);
    }

    private TrainingMemory memory(Way way, long passes, boolean atHome) {
        int moments = way.train.optimizer() == TrainSettings.Optimizer.ADAMW ? 2 : 0;
        return TrainingMemory.of(way.start.config(), way.lora, moments, passes, settings.precision(), atHome);
    }

    private int length(ModelConfig config) {
        return Math.min(settings.data().maxLength().orElse(config.contextLength()), config.contextLength());
    }

    private boolean fits(long bytes) {
        return device.isEmpty() || bytes <= device.getAsLong() - TrainingMemory.RESERVE;
    }

    /** Such as {@code 20,480 MB to score, 60,000 MB to train, …}. */
    String describe() {
        return String.format(
                Locale.ROOT,
                "%,d MB to score, %,d MB to train %s, for one task on a GPU; rows of %,d tokens",
                need.scoring >> 20,
                need.training >> 20,
                asked.lora.isPresent() ? "an adapter" : "all weights",
                length(asked.start.config()));
    }

    String describeRoom() {
        return device.isPresent()
                ? String.format(
                        Locale.ROOT,
                        "%,d MB: given with --device-memory, %,d MB of them left to the driver",
                        device.getAsLong() >> 20,
                        TrainingMemory.RESERVE >> 20)
                : "not checked: say how much the GPU has with --device-memory";
    }

    String describeHost() {
        return need.atHome
                ? String.format(
                        Locale.ROOT,
                        "%,d MB for the optimizer's state and weights in float32, heap apart",
                        need.host >> 20)
                : "little: the optimizer's state is on the GPU";
    }

    /**
     * Lists what the usual ways to train this model take, with the settings as they are otherwise: all weights with the
     * optimizer's state on the GPU or in the host, and an adapter.
     *
     * @return a line for each
     */
    List<String> describeWays() {
        List<Way> ways = new ArrayList<>();
        if (!asked.start.isQuantized()) {
            ways.add(allWeights("all weights, optimizer-device = device", OptimizerDevice.DEVICE));
            ways.add(allWeights("all weights, optimizer-device = host", OptimizerDevice.HOST));
        }
        boolean lora = asked.lora.isPresent();
        ways.add(new Way(
                lora ? "the adapter of rpo.lora" : "an adapter, rpo.lora.rank = " + USUAL_RANK,
                asked.start,
                lora ? asked.lora : usualAdapter(),
                asked.train));
        return ways.stream().map(this::describe).toList();
    }

    private Way allWeights(String keys, OptimizerDevice home) {
        return new Way(
                keys,
                asked.start,
                Optional.empty(),
                asked.train.toBuilder().optimizerDevice(home).build());
    }

    private String describe(Way way) {
        Need its = need(way);
        return String.format(
                Locale.ROOT,
                "%s: %,d MB on the GPU, %,d MB in the host%s",
                way.keys,
                its.onDevice() >> 20,
                its.host >> 20,
                fits(its.onDevice()) ? "" : ", which does not fit");
    }

    /** @throws RpoException naming what would make it fit, if one task surely does not */
    void requireFits(NativeRoom host) {
        if (!fits(need.onDevice())) {
            throw RpoException.configuration(String.format(
                    Locale.ROOT,
                    "Cannot run on a GPU of %,d MB (given with --device-memory): scoring needs %,d MB, training %,d MB,"
                            + " and %,d MB are the driver's. %s",
                    device.getAsLong() >> 20,
                    need.scoring >> 20,
                    need.training >> 20,
                    TrainingMemory.RESERVE >> 20,
                    whatWouldFit()));
        }
        if (host.bytes().isPresent() && need.host > host.bytes().getAsLong()) {
            throw RpoException.configuration(String.format(
                    Locale.ROOT,
                    "Cannot keep the optimizer's state in the host's %,d MB (%s): it takes %,d MB. Train an adapter with"
                            + " rpo.lora.rank, or %s.",
                    host.bytes().getAsLong() >> 20,
                    host.source(),
                    need.host >> 20,
                    host.remedy()));
        }
    }

    private String whatWouldFit() {
        String ways = ways().stream()
                .filter(way -> fits(need(way).onDevice()))
                .map(way -> String.format(
                        Locale.ROOT, "%s (%,d MB)", way.keys, need(way).onDevice() >> 20))
                .collect(Collectors.joining("; or "));
        return ways.isEmpty()
                ? "Nothing would fit there: take a larger GPU, a smaller model, or shorter rows (rpo.data.max-length)."
                : "What would fit: " + ways + ".";
    }

    /** Lists them from what changes least to what changes most. */
    private List<Way> ways() {
        int pair = (int) Math.ceil(PACKED_ROWS * length(asked.start.config()));
        TrainSettings train = asked.train;
        TrainSettings again = train.toBuilder().recompute(true).build();
        TrainSettings small = again.toBuilder()
                .tokensPerMicroBatch(Math.min(pair, train.tokensPerMicroBatch()))
                .build();
        TrainSettings home =
                small.toBuilder().optimizerDevice(OptimizerDevice.HOST).build();
        String recompute = keys + ".recompute = true";
        String least = recompute + ", " + keys + ".tokens-per-micro-batch = " + small.tokensPerMicroBatch();
        List<Way> ways = new ArrayList<>();
        if (!train.recompute()) {
            ways.add(new Way(recompute, asked.start, asked.lora, again));
        }
        ways.add(new Way(least, asked.start, asked.lora, small));
        if (asked.lora.isEmpty()) {
            ways.add(new Way(least + ", " + keys + ".optimizer-device = host", asked.start, asked.lora, home));
        }
        Optional<Lora> adapter = asked.lora.isPresent() ? asked.lora : usualAdapter();
        String rank = asked.lora.isPresent() ? "" : ", rpo.lora.rank = " + USUAL_RANK;
        if (asked.lora.isEmpty()) {
            ways.add(new Way(least + rank, asked.start, adapter, small));
        }
        if (!asked.start.isQuantized()) {
            ways.add(new Way(
                    least + rank + ", rpo.lora.base-precision = nf4",
                    asked.start.with(BasePrecision.NF4),
                    adapter,
                    small));
        }
        return ways;
    }

    private Optional<Lora> usualAdapter() {
        return new LoraSettings(USUAL_RANK, 2.0 * USUAL_RANK, 0, List.of("all-linear"), false).on(asked.start);
    }
}
