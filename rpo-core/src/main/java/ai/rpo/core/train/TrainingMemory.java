package ai.rpo.core.train;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.ScratchMemory;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Precision;
import java.util.Optional;

/**
 * Bytes that the training of one worker takes, beside weights that nobody changes: where passes are computed, and where the
 * optimizer's state has a home of its own.
 *
 * @param device of what computes: gradients, scratch memory of passes, and the state or else a copy of the weights
 * @param host of the state at home; 0 where it lies with what computes
 */
public record TrainingMemory(long device, long host) {

    /** Counts what a device keeps for itself: its context, kernels, workspace of products, and gaps. */
    public static final long RESERVE = 1536L << 20;

    private static final double PACKED_ROWS = 1.5; // of a pair, in lengths of its prompt with one completion

    /**
     * @param moments of each parameter
     * @param scratch elements that passes need, as {@link ScratchMemory} counts them
     * @param products to what products round
     * @param atHome whether the state lies in the host's memory while a device computes
     */
    public static TrainingMemory of(
            ModelConfig config, Optional<Lora> lora, int moments, long scratch, Precision products, boolean atHome) {
        long trained = lora.map(adapter -> ParameterLayout.of(config, adapter))
                .orElseGet(() -> ParameterLayout.of(config))
                .size();
        long state = Float.BYTES * (1L + moments) * trained;
        long passes = Float.BYTES * (trained + scratch);
        if (!atHome) {
            return new TrainingMemory(state + passes, 0);
        }
        long copy = lora.isPresent() ? Float.BYTES * trained : Parameters.bytesOfCopy(config, products);
        return new TrainingMemory(copy + passes, state);
    }

    /**
     * Tells whether the optimizer's state lies in the host's memory while a device computes. An adapter's state is small, and
     * stays on the device unless it is asked for otherwise.
     *
     * @param deviceBytes memory of the device
     */
    public static boolean isAtHome(TrainPlan plan, long deviceBytes) {
        return switch (plan.optimizerDevice()) {
            case HOST -> true;
            case DEVICE -> false;
            case AUTO -> plan.lora().isEmpty() && onDevice(plan).device() > deviceBytes - RESERVE;
        };
    }

    private static TrainingMemory onDevice(TrainPlan plan) {
        ModelConfig config = plan.model();
        int pair = Math.max(2, (int) Math.min(config.contextLength(), plan.tokensPerMicroBatch() / PACKED_ROWS));
        long scratch = ScratchMemory.ofTraining(
                config,
                Optional.empty(),
                (entry, offset, target) -> {}, // none is packed
                pair,
                plan.tokensPerMicroBatch(),
                plan.recompute());
        return of(config, Optional.empty(), plan.optimizer().momentsPerParameter(), scratch, plan.precision(), false);
    }
}
