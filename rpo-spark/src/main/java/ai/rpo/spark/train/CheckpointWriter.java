package ai.rpo.spark.train;

import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.apache.hadoop.fs.Path;

/** Keeps checkpoints of one training, measures them on held-out pairs, and says when that stops getting better. */
final class CheckpointWriter {

    private final Checkpoints checkpoints;
    private final NetworkState state;
    private final Optional<HeldOut> heldOut;
    private final ToDoubleFunction<Path> measure;
    private HeldOutHistory history;
    private Checkpoints.Draft draft;
    private long lastStep;

    /**
     * @param measure gives the held-out metric of a model folder
     * @param resumed what the latest checkpoint says
     */
    CheckpointWriter(
            Checkpoints checkpoints,
            NetworkState state,
            Optional<HeldOut> heldOut,
            ToDoubleFunction<Path> measure,
            Optional<CheckpointState> resumed) {
        this.checkpoints = checkpoints;
        this.state = state;
        this.heldOut = heldOut;
        this.measure = measure;
        history = resumed.map(CheckpointState::history).orElse(HeldOutHistory.EMPTY);
        lastStep = resumed.map(CheckpointState::step).orElse(0L);
    }

    /** Step of the latest checkpoint, 0 if there is none. */
    long lastStep() {
        return lastStep;
    }

    /**
     * Writes a checkpoint that does not count yet.
     *
     * @return what it reached on held-out pairs, by name
     */
    Map<String, Object> write(int epoch, long step) {
        writeUnmeasured(epoch, step);
        if (heldOut.isEmpty()) {
            return Map.of();
        }
        double value = measure.applyAsDouble(draft.path());
        history = history.and(step, heldOut.get().metric().cost(value));
        return Map.of("held_out/" + heldOut.get().metric().name(), value);
    }

    /** The same, where executors may be gone. */
    void writeUnmeasured(int epoch, long step) {
        draft = checkpoints.write(state, epoch, step);
    }

    /** Makes what was written count. */
    void publish() {
        checkpoints.publish(draft, history);
        lastStep = draft.state().step();
    }

    boolean isWorthGoingOn() {
        int patience = heldOut.map(each -> each.settings().patience()).orElse(0);
        return patience == 0 || history.sinceBest() < patience;
    }

    /** Whether the state is the one to hand on: checkpoints were not measured, or none is better than the last. */
    boolean isLastBest() {
        return history.best().filter(best -> best.step() != lastStep).isEmpty();
    }
}
