package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.ScratchMemory;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Packing;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.jobs.config.Settings;
import java.util.Locale;
import java.util.Optional;

/**
 * Native memory that scoring and training need in one executor, in bytes: weights once, and for each model in training
 * its gradients, moments and scratch memory. Rows are taken to be as long as they may be, half of each the prompt. Heap,
 * and what a backend keeps to itself, come on top. Where products are to be of bfloat16, executors are taken for ones
 * that can make them.
 */
final class MemoryNeed {

    /** The usual one; of bytes, rows are longer, and their scales fewer. */
    private static final int NF4_BLOCK = 64;

    private final long scoring;
    private final long training;
    private final long trained;
    private final long driver;
    private final TrainSettings train;
    private final String keys;
    private final boolean lora;
    private final boolean halved;
    private final boolean packed;
    private final double bytesEach;
    private final boolean anyLength;
    private final int length;

    MemoryNeed(ModelDirectory start, Settings settings, Work work) {
        train = work.training(settings).orElseThrow();
        keys = work.trainingKeys();
        ModelConfig config = start.config();
        Optional<Lora> adapter = settings.lora().on(start);
        lora = adapter.isPresent();
        halved = settings.precision() == Precision.BFLOAT16;
        ParameterLayout layout = ParameterLayout.of(config);
        Weights below = start.withoutAdapter().weights();
        packed = start.isQuantized();
        long frozen = layout.entries().stream()
                .mapToLong(entry -> frozenBytes(entry, below, halved))
                .sum();
        bytesEach = (double) frozen / layout.size();
        trained = adapter.map(own -> ParameterLayout.of(config, own).size()).orElse(layout.size());
        anyLength = settings.data().maxLength().isEmpty();
        length = Math.min(settings.data().maxLength().orElse(config.contextLength()), config.contextLength());
        long moments = train.optimizer() == TrainSettings.Optimizer.ADAMW ? 2 : 0;
        long outer = train.outer().hasMomentum() ? 1 : 0;
        driver = Float.BYTES * (1 + moments + outer) * trained;
        long scratch = ScratchMemory.ofTraining(
                config, adapter, below, length, train.tokensPerMicroBatch(), train.recompute());
        scoring = frozen
                + Float.BYTES
                        * ScratchMemory.ofScoring(
                                config, below, length, settings.reference().tokensPerBatch());
        long beside = settings.selection().metric().isPresent() ? scoring : 0; // of a checkpoint, while networks wait
        training = (lora ? frozen : 0) + Float.BYTES * ((2 + moments) * trained + scratch) + beside;
    }

    /** @param halved whether matrices are kept in bfloat16 */
    static long frozenBytes(ParameterLayout.Entry entry, Weights weights, boolean halved) {
        Optional<Packing> packing = weights.packing(entry);
        if (packing.isPresent()) {
            return packing.get().bytes(entry.size())
                    + Float.BYTES * packing.get().scales(entry.size(), NF4_BLOCK);
        }
        return entry.size() * (halved && !entry.vector() ? Short.BYTES : Float.BYTES);
    }

    String describe() {
        return String.format(
                Locale.ROOT,
                "%,d MB to score, %,d MB to train %,d parameters, for one task in an executor, heap apart; rows of %,d tokens%s%s",
                scoring >> 20,
                training >> 20,
                trained,
                length,
                anyLength ? ", the model's context (shorter ones need less: set rpo.data.max-length)" : "",
                packed
                        ? String.format(
                                Locale.ROOT,
                                "; matrices under the adapter in fewer bits, %.2f bytes a parameter with embeddings and head",
                                bytesEach)
                        : halved ? "; weights that are only read in bfloat16" : "");
    }

    /** The driver of executors holds the state that the workers' results are averaged into. */
    String describeDriver() {
        return String.format(
                Locale.ROOT,
                "%,d MB for the state of training, heap apart; none under local[…], where it is a worker's",
                driver >> 20);
    }

    /** @throws RpoException naming what would make it fit, if one task surely does not */
    void requireFits(NativeRoom room) {
        if (room.bytes().isEmpty()
                || Math.max(scoring, training) <= room.bytes().getAsLong()) {
            return;
        }
        throw RpoException.configuration(String.format(
                Locale.ROOT,
                "Cannot run in %,d MB of native memory (%s): scoring needs %,d MB, training %,d MB. %s, or %s.",
                room.bytes().getAsLong() >> 20,
                room.source(),
                scoring >> 20,
                training >> 20,
                training > room.bytes().getAsLong()
                        ? remedies()
                        : "Lower rpo.reference.tokens-per-batch or rpo.data.max-length",
                room.remedy()));
    }

    private String remedies() {
        StringBuilder remedies = new StringBuilder("Lower " + keys + ".tokens-per-micro-batch or rpo.data.max-length");
        if (!train.recompute()) {
            remedies.append(", set ").append(keys).append(".recompute = true");
        }
        if (!lora) {
            remedies.append(", train an adapter with rpo.lora.rank");
        }
        return remedies.toString();
    }
}
