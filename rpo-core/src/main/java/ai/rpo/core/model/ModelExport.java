package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a model in Hugging Face layout: the source's configuration, tokenizer and chat template around new weights of
 * the same shapes. The folder appears under its name only once it is whole.
 */
public final class ModelExport {

    /** Bytes of weights in one file; what Hugging Face used for years and every tool copes with. */
    public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    private final ModelDirectory source;
    private final Dtype dtype;
    private final long shardBytes;

    public ModelExport(ModelDirectory source, Dtype dtype) {
        this(source, dtype, DEFAULT_SHARD_BYTES);
    }

    /** @param shardBytes files end before they exceed this, except that a weight is never divided */
    public ModelExport(ModelDirectory source, Dtype dtype, long shardBytes) {
        this.source = source;
        this.dtype = dtype;
        this.shardBytes = shardBytes;
    }

    /**
     * @param target must not exist, or be an empty folder
     * @param weights asked for every entry of the source's layout, in order
     * @param facts what the model card says of the model's origin, in this order
     * @throws RpoException if the target is in use, a number cannot be stored, or writing fails
     */
    public void write(Path target, Weights weights, Map<String, String> facts) {
        NewFolder.write(target, folder -> {
            writeWeights(folder, weights);
            writeConfig(folder);
            NewFolder.copyCarried(source, folder);
            Files.writeString(
                    folder.resolve(CheckpointFiles.MODEL_CARD), ModelCard.text(source.config(), dtype, facts));
        });
    }

    private void writeWeights(Path folder, Weights weights) throws IOException {
        List<List<ParameterLayout.Entry>> shards =
                shards(ParameterLayout.of(source.config()).entries());
        SafetensorsWriter writer = new SafetensorsWriter(dtype);
        if (shards.size() == 1) {
            writer.write(folder.resolve(CheckpointFiles.WEIGHTS), shards.get(0), weights);
            return;
        }
        Map<String, String> weightMap = new TreeMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String name = CheckpointFiles.shard(i + 1, shards.size());
            writer.write(folder.resolve(name), shards.get(i), weights);
            shards.get(i).forEach(entry -> weightMap.put(entry.name(), name));
        }
        long bytes = ParameterLayout.of(source.config()).size() * dtype.bytes();
        writeJson(
                folder.resolve(CheckpointFiles.INDEX),
                Map.of("metadata", Map.of("total_size", bytes), "weight_map", weightMap));
    }

    private List<List<ParameterLayout.Entry>> shards(List<ParameterLayout.Entry> entries) {
        List<List<ParameterLayout.Entry>> shards = new ArrayList<>(List.of(new ArrayList<>()));
        long filled = 0;
        for (ParameterLayout.Entry entry : entries) {
            long bytes = entry.size() * dtype.bytes();
            if (filled > 0 && filled + bytes > shardBytes) {
                shards.add(new ArrayList<>());
                filled = 0;
            }
            shards.get(shards.size() - 1).add(entry);
            filled += bytes;
        }
        return shards;
    }

    /** Older files say {@code torch_dtype}, newer ones {@code dtype}; a file that says neither gets the one that all read. */
    private void writeConfig(Path folder) throws IOException {
        ObjectNode config = source.trainedConfig();
        BitsAndBytes.remove(config);
        if (config.has("dtype")) {
            config.put("dtype", dtype.torchName());
        }
        if (config.has("torch_dtype") || !config.has("dtype")) {
            config.put("torch_dtype", dtype.torchName());
        }
        writeJson(folder.resolve(CheckpointFiles.CONFIG), config);
    }

    private static void writeJson(Path file, Object content) throws IOException {
        Files.writeString(
                file, JsonObject.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
    }
}
