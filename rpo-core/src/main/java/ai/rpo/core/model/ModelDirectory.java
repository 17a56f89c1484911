package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model in Hugging Face layout: {@code config.json}, safetensors weights (one file or shards with an index), and
 * whatever lies beside them.
 *
 * <p>Opening reads headers only and checks every weight's name, shape and dtype; the numbers are read on demand and
 * refused where they are not finite. Safe for use from several threads.
 */
public final class ModelDirectory {

    private static final Logger LOG = LoggerFactory.getLogger(ModelDirectory.class);

    private final Path folder;
    private final JsonObject configFile;
    private final ModelConfig config;
    private final List<Integer> eosIds;
    private final List<SafetensorsFile> files;
    private final StoredWeights weights;

    private ModelDirectory(Path folder) {
        this.folder = folder;
        configFile = JsonObject.read(folder.resolve(CheckpointFiles.CONFIG));
        config = ModelConfigParser.parse(configFile);
        eosIds = file(CheckpointFiles.GENERATION_CONFIG)
                .map(JsonObject::read)
                .map(generation -> generation.ids("eos_token_id", config.eosIds()))
                .orElse(config.eosIds());
        files = CheckpointFiles.open(folder);
        weights = StoredWeights.of(folder, config, files);
    }

    /**
     * @throws RpoException naming what is missing, broken or not supported
     */
    public static ModelDirectory open(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw RpoException.configuration("Cannot open the model " + folder
                    + ": it is not a folder. Give the folder that holds its config.json.");
        }
        ModelDirectory model = new ModelDirectory(folder);
        if (!model.unusedTensors().isEmpty()) {
            LOG.warn(
                    "{} holds tensors that a {} model does not use: {}",
                    folder,
                    model.config.modelType(),
                    model.unusedTensors());
        }
        return model;
    }

    public Path folder() {
        return folder;
    }

    public ModelConfig config() {
        return config;
    }

    /** The content of {@code config.json}. */
    public String configJson() {
        return configFile.copy().toPrettyString();
    }

    /** Ids that end a completion, the first one preferred: those of {@code generation_config.json}, else of {@code config.json}. */
    public List<Integer> eosIds() {
        return eosIds;
    }

    /** {@code tokenizer.json}, if the folder has one. */
    public Optional<Path> tokenizerFile() {
        return file(CheckpointFiles.TOKENIZER);
    }

    /** A file beside the weights, such as {@code chat_template.jinja}, if the folder has it. */
    public Optional<Path> file(String name) {
        return Optional.of(folder.resolve(name)).filter(Files::isRegularFile);
    }

    /** Every weight of {@link ParameterLayout#of} this model's configuration. */
    public Weights weights() {
        return weights;
    }

    /** The dtype that the weights are stored in, or most of their bytes. */
    public Dtype dtype() {
        return weights.dtype();
    }

    /** Names of stored tensors that the model does not use. */
    public List<String> unusedTensors() {
        return weights.unused();
    }

    /** Bytes of the weight files. */
    public long weightBytes() {
        return weightFiles().stream().mapToLong(ModelDirectory::size).sum();
    }

    /**
     * A hash of the contents of configuration, tokenizer and weights, 64 hexadecimal digits: equal for equal models
     * wherever they lie. Reads every byte.
     */
    public String fingerprint() {
        Stream<Path> small = Stream.concat(Stream.of(CheckpointFiles.CONFIG), CheckpointFiles.CARRIED.stream())
                .flatMap(name -> file(name).stream());
        return ModelFingerprint.of(Stream.concat(small, weightFiles().stream()).toList());
    }

    /**
     * Hash of the content of {@code config.json} and the weights alone, on which log-probabilities depend once text has
     * become tokens.
     */
    public String weightsFingerprint() {
        return ModelFingerprint.of(Stream.concat(file(CheckpointFiles.CONFIG).stream(), weightFiles().stream())
                .toList());
    }

    List<Path> weightFiles() {
        return files.stream().map(SafetensorsFile::path).toList();
    }

    JsonObject configFile() {
        return configFile;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot read " + file + ": " + e.getMessage() + ". Check the disk.",
                    e);
        }
    }
}
