package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.PolicyNetwork;
import ai.rpo.spark.store.LocalCopies;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
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
 * Checkpoints of a training run: a folder an epoch, each a float32 model in Hugging Face layout with the optimizer's
 * moments beside it. A folder counts once its {@code training_state.json} is there, which is written last.
 */
final class Checkpoints {

    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String STATE = "training_state.json";
    private static final String FIRST_MOMENTS = "optimizer_first_moments.safetensors";
    private static final String SECOND_MOMENTS = "optimizer_second_moments.safetensors";

    private final Path folder;
    private final String run;
    private final int keep;
    private final Configuration hadoop;

    /**
     * @param run what the training depends on; checkpoints of another run are not taken up
     * @param keep how many of the latest remain
     */
    Checkpoints(Path folder, String run, int keep, Configuration hadoop) {
        this.folder = folder;
        this.run = run;
        this.keep = keep;
        this.hadoop = hadoop;
    }

    /**
     * @param epoch epochs finished
     * @param step optimizer steps taken
     */
    record Checkpoint(Path path, int epoch, long step) {}

    /** Writes a checkpoint, then lets older ones go. */
    void save(PolicyNetwork network, ModelDirectory source, int epoch, long step) {
        java.nio.file.Path local = LocalCopies.temporaryFolder();
        try {
            java.nio.file.Path content = local.resolve("checkpoint");
            ParameterLayout layout = ParameterLayout.of(source.config());
            new ModelExport(source, Dtype.F32)
                    .write(
                            content,
                            new Parameters(layout, network.parameters()).asWeights(),
                            Map.of("step", Long.toString(step), "epoch", Integer.toString(epoch)));
            network.updaterState().ifPresent(state -> {
                ParameterFile.write(content.resolve(FIRST_MOMENTS), layout, half(state, 0));
                ParameterFile.write(content.resolve(SECOND_MOMENTS), layout, half(state, 1));
            });
            Path target = new Path(folder, String.format("epoch-%04d", epoch));
            LocalCopies.upload(content, target, hadoop);
            state(target)
                    .write(JSON.createObjectNode()
                            .put("run", run)
                            .put("epoch", epoch)
                            .put("step", step)
                            .toPrettyString());
        } finally {
            LocalCopies.delete(local);
        }
        prune();
    }

    /**
     * Sets the network to the latest checkpoint of this run that can be read; a damaged one is passed over with a
     * warning.
     *
     * @return empty if there is none, and then the network is as it was
     * @throws RpoException if the store does not answer
     */
    Optional<Checkpoint> restoreLatest(PolicyNetwork network) {
        List<Checkpoint> all = all();
        for (int i = all.size() - 1; i >= 0; i--) {
            try {
                restore(all.get(i), network);
                return Optional.of(all.get(i));
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

    /** Reads everything once before it touches the network, so that damage leaves the network as it was. */
    private void restore(Checkpoint checkpoint, PolicyNetwork network) {
        java.nio.file.Path local = LocalCopies.download(checkpoint.path(), hadoop);
        try {
            ModelDirectory model = ModelDirectory.open(local);
            ParameterLayout layout = ParameterLayout.of(model.config());
            requireReadable(layout, model.weights());
            network.updaterState().ifPresent(state -> {
                Weights first = ParameterFile.read(local.resolve(FIRST_MOMENTS), model.config());
                Weights second = ParameterFile.read(local.resolve(SECOND_MOMENTS), model.config());
                requireReadable(layout, first);
                requireReadable(layout, second);
                fill(state, 0, layout, first);
                fill(state, 1, layout, second);
            });
            new Parameters(layout, network.parameters()).load(model.weights());
            network.setStep(checkpoint.step());
        } finally {
            LocalCopies.delete(local);
        }
    }

    private static void requireReadable(ParameterLayout layout, Weights numbers) {
        for (ParameterLayout.Entry entry : layout.entries()) {
            numbers.read(entry, 0, FloatBuffer.allocate(Math.toIntExact(entry.size())));
        }
    }

    private static Weights half(Storage state, int which) {
        long start = which * state.size() / 2;
        return (entry, offset, target) -> {
            float[] values = new float[target.remaining()];
            state.read(start + entry.offset() + offset, values, 0, values.length);
            target.put(values);
        };
    }

    private static void fill(Storage state, int which, ParameterLayout layout, Weights moments) {
        long start = which * state.size() / 2;
        for (ParameterLayout.Entry entry : layout.entries()) {
            float[] values = new float[Math.toIntExact(entry.size())];
            moments.read(entry, 0, FloatBuffer.wrap(values));
            state.write(start + entry.offset(), values, 0, values.length);
        }
    }

    private List<Checkpoint> all() {
        List<Checkpoint> found = new ArrayList<>();
        for (Path path : folders()) {
            state(path)
                    .read()
                    .flatMap(text -> parse(path, text))
                    .filter(s -> run.equals(s.path("run").asText()))
                    .ifPresent(s -> found.add(new Checkpoint(
                            path, s.path("epoch").asInt(), s.path("step").asLong())));
        }
        found.sort(Comparator.comparingInt(Checkpoint::epoch));
        return found;
    }

    private void prune() {
        List<Checkpoint> all = all();
        for (Checkpoint old : all.subList(0, Math.max(0, all.size() - keep))) {
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

    private SmallFile state(Path checkpoint) {
        return new SmallFile(new Path(checkpoint, STATE), hadoop);
    }

    private static Optional<JsonNode> parse(Path path, String text) {
        try {
            JsonNode state = JSON.readTree(text);
            if (state.path("epoch").isIntegralNumber() && state.path("step").isIntegralNumber()) {
                return Optional.of(state);
            }
        } catch (JsonProcessingException e) {
            LOG.debug("{} of {}", STATE, path, e);
        }
        LOG.warn("Passing over the checkpoint {}: its {} is damaged.", path, STATE);
        return Optional.empty();
    }

    private static RpoException failure(String verb, Path path, IOException cause) {
        return new RpoException(
                RpoException.Kind.RETRYABLE,
                "Cannot " + verb + " " + path + ": " + cause + ". Check the store, and run the command again.",
                cause);
    }
}
