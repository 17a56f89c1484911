package ai.rpo.spark.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.hadoop.fs.Path;

/** Keeps checkpoints of one training, has them measured, and says when they stop getting better. */
final class CheckpointWriter {

    private final Checkpoints checkpoints;
    private final NetworkState state;
    private final CheckpointChoice choice;
    private final BiFunction<Long, Path, Map<String, Double>> measure;
    private HeldOutHistory history;
    private Checkpoints.Draft draft;
    private long lastStep;

    /**
     * @param choice among them
     * @param measure gives the numbers of a step's model folder
     * @param resumed what the latest checkpoint says
     */
    CheckpointWriter(
            Checkpoints checkpoints,
            NetworkState state,
            CheckpointChoice choice,
            BiFunction<Long, Path, Map<String, Double>> measure,
            Optional<CheckpointState> resumed) {
        this.checkpoints = checkpoints;
        this.state = state;
        this.choice = choice;
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
     * @return what was measured of it, by name
     */
    Map<String, Object> write(int epoch, long step) {
        writeUnmeasured(epoch, step);
        Map<String, Double> found = measure.apply(step, draft.path());
        Double value = found.get(choice.by());
        if (value != null) {
            history = history.and(step, choice.cost(value));
        }
        return new LinkedHashMap<>(found);
    }

    /** Writes a checkpoint without measuring it, where executors may be gone. */
    void writeUnmeasured(int epoch, long step) {
        draft = checkpoints.write(state, epoch, step);
    }

    /** Makes what was written count. */
    void publish() {
        checkpoints.publish(draft, history);
        lastStep = draft.state().step();
    }

    boolean isWorthGoingOn() {
        return choice.patience() == 0 || history.sinceBest() < choice.patience();
    }

    /**
     * Tells whether the state is the one to hand on: checkpoints were not measured, or none is better than the last.
     */
    boolean isLastBest() {
        return history.best().filter(best -> best.step() != lastStep).isEmpty();
    }
}
