package ai.rpo.core.train;

import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import java.util.Optional;

/**
 * Holds what a training changes: the trained parameters, the optimizer's moments and the number of steps taken. The numbers
 * lie in the backend's own storage and are counted in longs.
 */
public final class TrainState {

    private final Storage parameters;
    private final Optional<Storage> moments;
    private long step;

    private TrainState(Storage parameters, Optional<Storage> moments) {
        this.parameters = parameters;
        this.moments = moments;
    }

    /**
     * Allocates a state of zeros.
     *
     * @param parameters how many are trained
     * @param optimizer says how many moments it keeps of each
     */
    public static TrainState allocate(Backend backend, long parameters, Optimizer optimizer) {
        long moments = Math.multiplyExact(parameters, optimizer.momentsPerParameter());
        return new TrainState(
                backend.allocate(parameters), moments == 0 ? Optional.empty() : Optional.of(backend.allocate(moments)));
    }

    /** Returns the trained parameters in the order of their layout. */
    public Storage parameters() {
        return parameters;
    }

    /** Returns the optimizer's moments, all first ones before the second; empty where it keeps none. */
    public Optional<Storage> moments() {
        return moments;
    }

    /** Returns how many optimizer steps lie behind. */
    public long step() {
        return step;
    }

    /** Sets how many optimizer steps lie behind. */
    public void setStep(long taken) {
        step = taken;
    }

    void free() {
        parameters.free();
        moments.ifPresent(Storage::free);
    }
}
