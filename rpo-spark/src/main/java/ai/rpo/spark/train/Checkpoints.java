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
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checkpoints of a training run: a folder each, which counts once its {@code training_state.json} is there. That file is
 * written last, and has the checksums of all others.
 */
final class Checkpoints {

    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final String STATE = "training_state.json";

    private final Path folder;
    private final String run;
    private final Trainable trainable;
    private final int keep;
    private final Fence fence;
    private final Configuration hadoop;

    /**
     * @param run what the training depends on; checkpoints of another run are not taken up
     * @param trainable what is in them
     * @param keep how many of the latest remain, besides the best
     * @param fence asked before anything is published
     */
    Checkpoints(Path folder, String run, Trainable trainable, int keep, Fence fence, Configuration hadoop) {
        this.folder = folder;
        this.run = run;
        this.trainable = trainable;
        this.keep = keep;
        this.fence = fence;
        this.hadoop = hadoop;
    }

    private record Checkpoint(Path path, CheckpointState state) {}

    /** One that is written, but does not count yet. */
    record Draft(Path path, CheckpointState state) {}

    /**
     * Finds out before any work whether checkpoints can be written.
     *
     * @throws RpoException if the folder may not be written to, or has too little room
     */
    void prepare(NetworkState state) {
        SmallFile probe = new SmallFile(new Path(folder, ".probe"), hadoop);
        probe.write("");
        try {
            FileSystem store = folder.getFileSystem(hadoop);
            store.delete(probe.path(), false);
            long needed = state.layout().bytes() * Math.max(1, keep + 1 - all().size());
            long room = store.getStatus(folder).getRemaining();
            if (room < needed) {
                throw RpoException.configuration(String.format(
                        "Cannot keep checkpoints in %s: it has room for %,d MB, and %d of them need %,d MB."
                                + " Make room, name another rpo.output, or lower keep-checkpoints.",
                        folder, room >> 20, keep + 1, needed >> 20));
            }
        } catch (IOException e) {
            throw failure("use", folder, e);
        }
    }

    /** Writes a checkpoint's files. */
    Draft write(NetworkState state, int epoch, long step) {
        java.nio.file.Path local = LocalCopies.temporaryFolder();
        try {
            java.nio.file.Path content = local.resolve("checkpoint");
            Map<String, String> checksums = CheckpointContent.write(content, state, trainable, step);
            Path target = new Path(folder, String.format("step-%08d", step));
            fence.check();
            upload(content, target);
            return new Draft(target, new CheckpointState(run, epoch, step, checksums, HeldOutHistory.EMPTY));
        } finally {
            LocalCopies.delete(local);
        }
    }

    /** What could not be written whole takes no room. */
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
        stateFile(draft.path()).write(draft.state().with(history).toJson());
        prune(history);
    }

    /**
     * Sets the state to the latest checkpoint of this run that can be read; a damaged one is passed over with a
     * warning.
     *
     * @return empty if there is none, and then the state is as it was
     * @throws RpoException if the store does not answer
     */
    Optional<CheckpointState> restoreLatest(NetworkState state) {
        List<Checkpoint> all = all();
        for (int i = all.size() - 1; i >= 0; i--) {
            try {
                restore(all.get(i), state);
                return Optional.of(all.get(i).state());
            } catch (RpoException e) {
                if (e.kind() == RpoException.Kind.RETRYABLE) {
                    throw e;
                }
                LOG.warn(
                        "Passing over the checkpoint {}, which is damaged: {}",
                        all.get(i).path(),
                        e.getMessage());
            }
        }
        return Optional.empty();
    }

    /**
     * Sets the state to the checkpoint of one step.
     *
     * @throws RpoException if it is missing or damaged
     */
    void restore(long step, NetworkState state) {
        Checkpoint checkpoint = all().stream()
                .filter(each -> each.state().step() == step)
                .findFirst()
                .orElseThrow(() -> RpoException.data("Cannot read the checkpoint of step " + step + " in " + folder
                        + ": it is not there any more. Train again with rpo.overwrite = true."));
        restore(checkpoint, state);
    }

    private void restore(Checkpoint checkpoint, NetworkState state) {
        java.nio.file.Path local = LocalCopies.download(checkpoint.path(), hadoop);
        try {
            CheckpointContent.read(local, state, trainable, checkpoint.state().checksums());
            state.setStep(checkpoint.state().step());
        } finally {
            LocalCopies.delete(local);
        }
    }

    private List<Checkpoint> all() {
        List<Checkpoint> found = new ArrayList<>();
        for (Path path : folders()) {
            stateFile(path).read().ifPresent(text -> {
                try {
                    CheckpointState state = CheckpointState.fromJson(text);
                    if (state.run().equals(run)) {
                        found.add(new Checkpoint(path, state));
                    }
                } catch (IllegalArgumentException e) {
                    LOG.warn("Passing over the checkpoint {}: its {} is damaged, {}.", path, STATE, e.getMessage());
                }
            });
        }
        found.sort(Comparator.comparingLong(each -> each.state().step()));
        return found;
    }

    private void prune(HeldOutHistory history) {
        List<Checkpoint> all = all();
        for (Checkpoint old : all.subList(0, Math.max(0, all.size() - keep))) {
            boolean isBest = history.best()
                    .filter(best -> best.step() == old.state().step())
                    .isPresent();
            if (isBest) {
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
