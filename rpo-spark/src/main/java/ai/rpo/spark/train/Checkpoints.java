package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.Trainable;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.LocalCopies;
import ai.rpo.spark.store.SmallFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checkpoints of a training run: a folder each, which counts once its {@code training_state.json} is there. That file
 * is written last, and has the checksums of all others.
 */
final class Checkpoints {

    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final String STATE = "training_state.json";

    private final Path folder;
    private final String run;
    private final Trainable trainable;
    private final int keep;
    private final long before;
    private final Fence fence;
    private final Configuration hadoop;

    /**
     * @param run what the training depends on; checkpoints of another run are not taken up
     * @param trainable what is in them
     * @param keep how many of the latest remain, besides the best
     * @param before steps that the moments have seen before the first of the run
     * @param fence asked before anything is published
     */
    Checkpoints(
            Path folder, String run, Trainable trainable, int keep, long before, Fence fence, Configuration hadoop) {
        this.folder = folder;
        this.run = run;
        this.trainable = trainable;
        this.keep = keep;
        this.before = before;
        this.fence = fence;
        this.hadoop = hadoop;
    }

    private record Checkpoint(Path path, CheckpointState state) {}

    /**
     * Says what there is of this run.
     *
     * @param readable in the order of their steps, as far as their state files tell
     * @param damaged whose state file cannot be read
     */
    private record Found(List<Checkpoint> readable, List<Path> damaged) {}

    /** One that is written, but does not count yet. */
    record Draft(Path path, CheckpointState state) {}

    /**
     * Finds out before any work whether checkpoints can be written.
     *
     * @throws RpoException if the folder may not be written to, or it or the disk of temporary files has too little
     *     room
     */
    void prepare(NetworkState state) {
        SmallFile probe = new SmallFile(new Path(folder, ".probe"), hadoop);
        probe.write("");
        try {
            FileSystem store = folder.getFileSystem(hadoop);
            store.delete(probe.path(), false);
            long each = state.layout().bytes();
            int more = Math.max(1, keep + 1 - found().readable().size());
            requireRoom(folder, store.getStatus(folder).getRemaining(), more, each, "name another rpo.output");
            LocalCopies.requireRoom(each);
        } catch (IOException e) {
            throw failure("use", folder, e);
        }
    }

    private static void requireRoom(Path place, long room, int checkpoints, long each, String remedy) {
        if (room < checkpoints * each) {
            throw RpoException.configuration(String.format(
                    Locale.ROOT,
                    "Cannot keep checkpoints in %s: it has room for %,d MB, and %d more of %,d MB each are to come."
                            + " Make room, %s, or lower keep-checkpoints.",
                    place,
                    room >> 20,
                    checkpoints,
                    each >> 20,
                    remedy));
        }
    }

    /**
     * Writes a checkpoint's files.
     *
     * @throws IllegalStateException if the state is not whole
     */
    Draft write(NetworkState state, int epoch, long step) {
        if (!state.isWhole()) {
            throw new IllegalStateException("The state is torn between two steps.");
        }
        java.nio.file.Path local = LocalCopies.temporaryFolder();
        try {
            java.nio.file.Path content = local.resolve("checkpoint");
            Map<String, String> checksums = CheckpointContent.write(content, state, trainable, step);
            Path target = new Path(folder, String.format(Locale.ROOT, "step-%08d", step));
            fence.check();
            upload(content, target);
            return new Draft(
                    target, new CheckpointState(run, epoch, step, before + step, checksums, HeldOutHistory.EMPTY));
        } finally {
            LocalCopies.delete(local);
        }
    }

    /** Uploads a checkpoint: what could not be written whole takes no room. */
    private void upload(java.nio.file.Path content, Path target) {
        try {
            LocalCopies.upload(content, target, hadoop);
        } catch (RpoException e) {
            try {
                folder.getFileSystem(hadoop).delete(target, true);
            } catch (IOException left) {
                LOG.warn("The unfinished checkpoint {} could not be deleted: {}", target, left.getMessage());
            }
            throw e;
        }
    }

    /** Makes a checkpoint count, then lets older ones go. */
    void publish(Draft draft, HeldOutHistory history) {
        fence.check();
        stateFile(draft.path()).writeDurably(draft.state().with(history).toJson());
        prune(draft.state().step(), history);
    }

    /**
     * Sets the state to the latest checkpoint of this run that can be read; a damaged one is passed over with a
     * warning.
     *
     * @return empty if there is none, and then the state is as it was
     * @throws RpoException if all are damaged, or if one cannot be read for another reason; the state is as it was
     */
    Optional<CheckpointState> restoreLatest(NetworkState state) {
        Found found = found();
        List<Checkpoint> all = found.readable();
        for (int i = all.size() - 1; i >= 0; i--) {
            try {
                restore(all.get(i), state);
                return Optional.of(all.get(i).state());
            } catch (CheckpointContent.DamagedException e) {
                LOG.warn(
                        "Passing over the checkpoint {}, which is damaged: {}",
                        all.get(i).path(),
                        e.getMessage());
            }
        }
        requireNone(found);
        return Optional.empty();
    }

    /** Requires that there was none where none could be read. */
    private void requireNone(Found found) {
        int all = found.readable().size() + found.damaged().size();
        if (all > 0) {
            throw RpoException.data("Cannot go on training from " + folder + ": all " + all
                    + " checkpoints of this run are damaged. Bring one back from a copy, or train again with"
                    + " rpo.overwrite = true.");
        }
    }

    /**
     * Hands over the folder, on this machine, of the checkpoint that training chose: the best on held-out pairs where
     * they were measured, else the latest. Latest ones that are damaged are passed over with a warning.
     *
     * @param use takes the folder, which is whole; a copy goes when it returns
     * @return false if there is no checkpoint of this run
     * @throws RpoException if the best one is missing or damaged, or all are
     */
    boolean readChosen(Consumer<java.nio.file.Path> use) {
        Found found = found();
        List<Checkpoint> all = found.readable();
        for (int i = all.size() - 1; i >= 0; i--) {
            Checkpoint latest = all.get(i);
            Optional<Long> best = latest.state().history().best().map(HeldOutHistory.Score::step);
            if (best.isPresent() && best.get() != latest.state().step()) {
                LOG.info("The checkpoint of step {} is the best on held-out pairs.", best.get());
                readWhole(ofStep(all, best.get()), use);
                return true;
            }
            try {
                use(latest, use);
                return true;
            } catch (CheckpointContent.DamagedException e) {
                LOG.warn("Passing over the checkpoint {}, which is damaged: {}", latest.path(), e.getMessage());
            }
        }
        requireNone(found);
        return false;
    }

    /**
     * Tells how many steps the moments of the chosen checkpoint have seen.
     *
     * @throws RpoException if it is not there any more
     */
    long optimizerStepsOfChosen() {
        return chosen().state().optimizerSteps();
    }

    /**
     * Sets the moments of another training's state to those of the chosen checkpoint.
     *
     * @throws RpoException if it is damaged, or not there any more
     */
    void readOptimizerOfChosen(NetworkState state) {
        readWhole(chosen(), local -> CheckpointContent.readOptimizer(local, state, trainable.layout()));
    }

    private Checkpoint chosen() {
        List<Checkpoint> all = found().readable();
        if (all.isEmpty()) {
            throw RpoException.data("Cannot keep the optimizer's state of " + folder
                    + ": none of its checkpoints is there any more. Train that round again with rpo.overwrite = true, or set"
                    + " rpo.online.optimizer = fresh.");
        }
        CheckpointState latest = all.get(all.size() - 1).state();
        return ofStep(
                all, latest.history().best().map(HeldOutHistory.Score::step).orElse(latest.step()));
    }

    /** The folders of the checkpoints that there are of this run, by their steps. */
    Map<Long, Path> byStep() {
        Map<Long, Path> folders = new TreeMap<>();
        found().readable().forEach(each -> folders.put(each.state().step(), each.path()));
        return folders;
    }

    private Checkpoint ofStep(List<Checkpoint> all, long step) {
        return all.stream()
                .filter(each -> each.state().step() == step)
                .findFirst()
                .orElseThrow(() -> RpoException.data("Cannot read the checkpoint of step " + step + " in " + folder
                        + ": it is not there any more. Train again with rpo.overwrite = true."));
    }

    private void readWhole(Checkpoint checkpoint, Consumer<java.nio.file.Path> use) {
        try {
            use(checkpoint, use);
        } catch (CheckpointContent.DamagedException e) {
            throw RpoException.data("Cannot read the checkpoint " + checkpoint.path() + ": " + e.getMessage()
                    + ". Bring it back from a copy, or train again with rpo.overwrite = true.");
        }
    }

    private void use(Checkpoint checkpoint, Consumer<java.nio.file.Path> use) {
        LocalCopies.read(checkpoint.path(), hadoop, local -> {
            CheckpointContent.requireSame(local, checkpoint.state().checksums());
            use.accept(local);
        });
    }

    private void restore(Checkpoint checkpoint, NetworkState state) {
        LocalCopies.read(checkpoint.path(), hadoop, local -> {
            CheckpointContent.read(local, state, trainable, checkpoint.state().checksums());
            state.setStep(checkpoint.state().step());
        });
    }

    private Found found() {
        List<Checkpoint> found = new ArrayList<>();
        List<Path> damaged = new ArrayList<>();
        for (Path path : folders()) {
            stateFile(path).read().ifPresent(text -> {
                try {
                    CheckpointState state = CheckpointState.fromJson(text);
                    if (state.run().equals(run)) {
                        found.add(new Checkpoint(path, state));
                    }
                } catch (IllegalArgumentException e) {
                    LOG.warn("Passing over the checkpoint {}: its {} is damaged, {}.", path, STATE, e.getMessage());
                    damaged.add(path);
                }
            });
        }
        found.sort(Comparator.comparingLong(each -> each.state().step()));
        return new Found(found, damaged);
    }

    /** Those of later steps than the newest were passed over when the run went on from before them. */
    private void prune(long newest, HeldOutHistory history) {
        List<Checkpoint> all = found().readable();
        List<Long> kept = new ArrayList<>(all.stream()
                .map(each -> each.state().step())
                .filter(step -> step <= newest)
                .sorted(Comparator.reverseOrder())
                .limit(keep)
                .toList());
        history.best().ifPresent(best -> kept.add(best.step()));
        for (Checkpoint old : all) {
            if (kept.contains(old.state().step())) {
                continue;
            }
            try {
                FileSystem store = folder.getFileSystem(hadoop);
                store.delete(new Path(old.path(), STATE), false);
                store.delete(old.path(), true);
            } catch (IOException e) {
                throw failure("delete", old.path(), e);
            }
        }
    }

    private List<Path> folders() {
        try {
            FileSystem store = folder.getFileSystem(hadoop);
            if (!store.exists(folder)) {
                return List.of();
            }
            List<Path> folders = new ArrayList<>();
            for (FileStatus status : store.listStatus(folder)) {
                if (status.isDirectory()) {
                    folders.add(status.getPath());
                }
            }
            return folders;
        } catch (IOException e) {
            throw failure("list", folder, e);
        }
    }

    private SmallFile stateFile(Path checkpoint) {
        return new SmallFile(new Path(checkpoint, STATE), hadoop);
    }

    private static RpoException failure(String verb, Path path, IOException cause) {
        return new RpoException(
                RpoException.Kind.RETRYABLE,
                "Cannot " + verb + " " + path + ": " + cause + ". Check the store, and run the command again.",
                cause);
    }
}
