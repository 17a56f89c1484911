package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.Packing;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model in Hugging Face layout: {@code config.json}, safetensors weights (one file or shards with an index), and
 * whatever lies beside them. Or an adapter in PEFT's layout, which is a model too: the one it adapts, with its updates.
 *
 * <p>Opening reads headers only and checks every weight's name, shape and dtype; the numbers are read on demand and
 * refused where they are not finite. Safe for use from several threads.
 */
public final class ModelDirectory {

    /** Folders in a model's own whose files belong to it. */
    public static final Set<String> FOLDERS = Set.of(CheckpointFiles.TEMPLATES);

    private final Path folder;
    private final SideFiles sideFiles;
    private final JsonObject configFile;
    private final ModelConfig config;
    private final List<SafetensorsFile> files;
    private final StoredWeights weights;
    private final Optional<ModelDirectory> base;
    private final Optional<Adapter> adapter;
    private final List<Integer> eosIds;
    private final BasePrecision precision;

    private ModelDirectory(Path folder, Head head) {
        this.folder = folder;
        sideFiles = new SideFiles(folder, Optional.empty());
        configFile = JsonObject.read(folder.resolve(CheckpointFiles.CONFIG));
        head.requireSaidBy(folder, configFile);
        ModelConfig decoder = ModelConfigParser.parse(configFile);
        files = CheckpointFiles.open(folder);
        boolean hasRewards = RewardHead.isSaidBy(configFile);
        eosIds = readEosIds(decoder);
        config = head.reward ? decoder.with(rewardHead(hasRewards, head.seed.isPresent())) : decoder;
        Optional<DrawnHead> drawn =
                hasRewards ? Optional.empty() : head.seed.map(seed -> DrawnHead.of(configFile, seed));
        weights = StoredWeights.of(folder, config, files, drawn, BitsAndBytes.in(configFile));
        base = Optional.empty();
        adapter = Optional.empty();
        precision = BasePrecision.AS_STORED;
    }

    private ModelDirectory(Path folder, ModelDirectory base) {
        this.folder = folder;
        sideFiles = new SideFiles(folder, Optional.of(base.folder));
        configFile = base.configFile;
        config = base.config;
        files = base.files;
        weights = base.weights;
        this.base = Optional.of(base);
        adapter = Optional.of(base.adapterAt(folder));
        eosIds = readEosIds(config);
        precision = base.precision;
    }

    /** The constructor of {@link #outline}. */
    private ModelDirectory(Path folder, BasePrecision wanted) {
        this.folder = folder;
        sideFiles = new SideFiles(folder, Optional.empty());
        configFile = JsonObject.read(folder.resolve(CheckpointFiles.CONFIG));
        config = ModelConfigParser.parse(configFile);
        files = List.of();
        weights = StoredWeights.absent(folder, config);
        base = Optional.empty();
        adapter = Optional.empty();
        eosIds = readEosIds(config);
        Optional<Packing> stored = BitsAndBytes.in(configFile).map(BitsAndBytes::packing);
        QuantizedWeights.of(config, weights, stored, wanted, folder); // or says that it cannot be
        precision = wanted == BasePrecision.AS_STORED
                ? stored.map(BasePrecision::of).orElse(wanted)
                : wanted;
    }

    private ModelDirectory(ModelDirectory same, BasePrecision precision) {
        folder = same.folder;
        sideFiles = same.sideFiles;
        configFile = same.configFile;
        config = same.config;
        files = same.files;
        weights = same.weights;
        base = same.base.map(model -> model.with(precision));
        adapter = same.adapter;
        eosIds = same.eosIds;
        this.precision = precision;
    }

    /**
     * Gives the same model, whose weights are kept in so many bits; an adapter on it is not.
     *
     * @throws RpoException if its files are quantised otherwise
     */
    public ModelDirectory with(BasePrecision other) {
        ModelDirectory same = new ModelDirectory(this, other);
        same.withoutAdapter().weights(); // or says that it cannot be
        return same;
    }

    /**
     * Says what is wanted on top of the decoder.
     *
     * @param seed of a reward model's head, where a language model is to get one
     */
    private record Head(boolean reward, Optional<Long> seed) {

        void requireSaidBy(Path folder, JsonObject config) {
            boolean found = RewardHead.isSaidBy(config);
            if (seed.isPresent()) {
                RewardHead.architecture(config); // or says that there is none
            }
            if (!reward && found) {
                throw config.refuse(
                        "architectures", "which gives rewards instead of words", "Use a language model here");
            }
            if (reward && !found && seed.isEmpty()) {
                throw RpoException.configuration("Cannot use the model in " + folder
                        + " as a reward model: its config.json names no architecture that ends in "
                        + RewardHead.CLASSIFIER + ". Give a reward model in Hugging Face's layout.");
            }
        }
    }

    private RewardHead rewardHead(boolean isThere, boolean isToBeTrained) {
        RewardHead found = isThere ? RewardHead.read(configFile) : RewardHead.PLAIN;
        return isToBeTrained ? found.forTraining(configFile, eosIds) : found;
    }

    private List<Integer> readEosIds(ModelConfig decoder) {
        return file(CheckpointFiles.GENERATION_CONFIG)
                .map(JsonObject::read)
                .map(generation -> generation.ids("eos_token_id", decoder.eosIds()))
                .orElse(decoder.eosIds());
    }

    /**
     * @throws RpoException naming what is missing, broken or not supported
     */
    public static ModelDirectory open(Path folder) {
        requireFolder(folder);
        return Adapter.isAt(folder) ? open(folder, basePath(folder)) : languageModel(folder);
    }

    /** Tells whether a folder says what a model is like, and has no weights of it. */
    public static boolean isOutline(Path folder) {
        return Files.isRegularFile(folder.resolve(CheckpointFiles.CONFIG))
                && Stream.of(CheckpointFiles.WEIGHTS, CheckpointFiles.INDEX, AdapterConfig.FILE)
                        .noneMatch(name -> Files.exists(folder.resolve(name)));
    }

    /**
     * A language model by its {@code config.json} alone: its shapes, and how its weights would be kept. None can be
     * read.
     *
     * @param precision in how many bits
     * @throws RpoException naming what is not supported
     */
    public static ModelDirectory outline(Path folder, BasePrecision precision) {
        return new ModelDirectory(folder, precision);
    }

    private static ModelDirectory languageModel(Path folder) {
        return new ModelDirectory(folder, new Head(false, Optional.empty()));
    }

    /**
     * Opens a reward model: a sequence classifier of transformers with one label and no bias, or what OpenRLHF saved.
     *
     * @throws RpoException naming what is missing, broken or not supported
     */
    public static ModelDirectory openReward(Path folder) {
        return openReward(folder, Optional.empty());
    }

    /**
     * Opens a model that is to be trained to give rewards: a reward model, or a language model, whose head is left out
     * for one that is drawn.
     *
     * @param seed of the numbers of a head that is drawn
     * @throws RpoException naming what is missing, broken or not supported
     */
    public static ModelDirectory openForRewards(Path folder, long seed) {
        return openReward(folder, Optional.of(seed));
    }

    private static ModelDirectory openReward(Path folder, Optional<Long> seed) {
        requireFolder(folder);
        return Adapter.isAt(folder)
                ? openReward(folder, basePath(folder))
                : new ModelDirectory(folder, new Head(true, seed));
    }

    /**
     * Opens a reward model that is an adapter, with a head of its own, on a model that lies elsewhere than {@code
     * adapter_config.json} says.
     *
     * @param base folder of the model that is adapted: a language model, or a reward model
     * @throws RpoException naming what is missing, broken or not supported
     */
    public static ModelDirectory openReward(Path folder, Path base) {
        requireNoAdapter(folder, base);
        ModelDirectory model = new ModelDirectory(base, new Head(true, Optional.of(0L)));
        ModelDirectory adapted = new ModelDirectory(folder, model);
        String head = model.config.architecture().names().head();
        if (model.hasDrawnHead() && !adapted.adapter.orElseThrow().lora().trains(head)) {
            throw RpoException.configuration("Cannot use the adapter in " + folder
                    + " as a reward model: neither it nor " + base
                    + " has a head. Use an adapter of task_type SEQ_CLS, whose modules_to_save name " + head + ".");
        }
        return adapted;
    }

    private static void requireNoAdapter(Path folder, Path base) {
        requireFolder(base);
        if (Adapter.isAt(base)) {
            throw RpoException.configuration("Cannot use the adapter in " + folder + ": the model it adapts, " + base
                    + ", is an adapter too. Export that one with rpo.export.form = full.");
        }
    }

    /** Opens another folder as the kind of model that this one is: a reward model, or not. */
    ModelDirectory alike(Path other) {
        return config.reward().isPresent() ? openReward(other) : open(other);
    }

    /**
     * An adapter on a model that lies elsewhere than {@code adapter_config.json} says.
     *
     * @param base folder of the model that is adapted
     * @throws RpoException naming what is missing, broken or not supported
     */
    public static ModelDirectory open(Path folder, Path base) {
        requireNoAdapter(folder, base);
        return new ModelDirectory(folder, languageModel(base));
    }

    private static void requireFolder(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw RpoException.configuration("Cannot open the model " + folder
                    + ": it is not a folder. Give the folder that holds its config.json.");
        }
    }

    /** Relative to the adapter, or else to the working directory. */
    private static Path basePath(Path adapter) {
        String name = Adapter.baseName(adapter);
        return Stream.of(adapter.resolve(name), Path.of(name))
                .filter(place -> !name.isBlank() && Files.isDirectory(place))
                .findFirst()
                .orElseThrow(() -> Adapter.withoutModel(adapter, name));
    }

    public Path folder() {
        return folder;
    }

    public ModelConfig config() {
        return config;
    }

    /** The content of {@code config.json}; of a reward model, what it says once the model is trained. */
    public String configJson() {
        return trainedConfig().toPrettyString();
    }

    ObjectNode trainedConfig() {
        ObjectNode copy = configFile.copy();
        config.reward().ifPresent(head -> head.write(configFile, copy));
        return copy;
    }

    /**
     * Ids that the model's files say end a completion: those of {@code generation_config.json}, else of {@code
     * config.json}. Where there is a tokenizer, what counts is its {@code eosIds()}, which these are given to.
     */
    public List<Integer> eosIds() {
        return List.copyOf(eosIds);
    }

    /** The adapter, where the folder holds one. */
    public Optional<Adapter> adapter() {
        return adapter;
    }

    /** Opens an adapter on this model; where it has one itself, on the model below that. */
    Adapter adapterAt(Path adapterFolder) {
        return Adapter.open(adapterFolder, config, weights);
    }

    /** The model without its adapter; this one, if it has none. */
    public ModelDirectory withoutAdapter() {
        return base.orElse(this);
    }

    /** Tells whether the numbers of its head are drawn, since its files have none for a reward model's. */
    public boolean hasDrawnHead() {
        return config.reward().isPresent() && adapter.isEmpty() && !RewardHead.isSaidBy(configFile);
    }

    /** {@code tokenizer.json}, if the folder has one. */
    public Optional<Path> tokenizerFile() {
        return file(CheckpointFiles.TOKENIZER);
    }

    /**
     * A file beside the weights, such as {@code chat_template.jinja}, if there is one. What an adapter's folder lacks
     * is its model's; the files of a tokenizer, and of a template, all come from one folder.
     */
    public Optional<Path> file(String name) {
        return sideFiles.find(name);
    }

    /** Tells where the files beside the weights come from. */
    public SideFiles sideFiles() {
        return sideFiles;
    }

    /** Tells what in the folder is passed over, a sentence each: what a person may have meant otherwise. */
    public List<String> remarks() {
        List<String> remarks = new ArrayList<>();
        if (base.isPresent()) {
            remarks.addAll(base.orElseThrow().remarks());
            addRemark(
                    remarks,
                    "keys of " + AdapterConfig.FILE + " that are not known",
                    adapter.orElseThrow().unknownKeys());
            return List.copyOf(remarks);
        }
        if (Adapter.liesBesideModelIn(folder)) {
            remarks.add(folder + " holds a model and an adapter: the model is used, without the adapter."
                    + " transformers would put the adapter on " + Adapter.baseName(folder) + ".");
        }
        if (configFile.flag(ExpertKeys.ROUTER_LOGITS, false)) {
            remarks.add(folder + " asks for " + ExpertKeys.ROUTER_LOGITS
                    + ", with which other trainers add a loss that balances"
                    + " the use of experts; here router-aux-loss-coef adds it, under rpo.train and the like.");
        }
        addRemark(remarks, "tensors that a " + config.modelType() + " model does not use", unusedTensors());
        addRemark(remarks, "keys that its RoPE type does not use", RotaryScaling.unusedKeys(configFile));
        return List.copyOf(remarks);
    }

    private void addRemark(List<String> remarks, String what, List<String> names) {
        if (!names.isEmpty()) {
            remarks.add(folder + " has " + what + ", and they are passed over: " + String.join(", ", names) + ".");
        }
    }

    /**
     * Every weight of {@link ParameterLayout#of} this model's configuration, with the adapter's update if there is one.
     */
    public Weights weights() {
        Weights own = QuantizedWeights.of(config, weights, weights.packing(), precision, folder);
        return adapter.<Weights>map(updates -> new MergedWeights(config, own, updates.lora(), updates.weights()))
                .orElse(own);
    }

    /** Tells whether its matrices are in fewer bits, in its files or as {@link #with} says. */
    public boolean isQuantized() {
        return precision == BasePrecision.AS_STORED
                ? weights.packing().isPresent()
                : precision.packing().isPresent();
    }

    /** The dtype that the weights are stored in, or most of their bytes. */
    public Dtype dtype() {
        return weights.dtype();
    }

    /** The adapter, where it is not added to the model's matrices for reading, since those are in fewer bits. */
    public Optional<Lora> unmerged() {
        return adapter.filter(updates -> isQuantized()).map(Adapter::lora);
    }

    /** Names of stored tensors that the model does not use. */
    public List<String> unusedTensors() {
        return weights.unused();
    }

    /**
     * A hash of the contents of configuration, tokenizer and weights, 64 hexadecimal digits: equal for equal models
     * wherever they lie. Reads every byte, once in a JVM.
     */
    public String fingerprint() {
        Stream<Path> small = Stream.concat(configFiles(), carried().stream().flatMap(name -> file(name).stream()));
        return ModelFingerprint.of(Stream.concat(small, weightFiles().stream()).toList());
    }

    /**
     * Hash of the content of {@code config.json} and the weights alone, on which log-probabilities depend once text has
     * become tokens; and what {@link #with} says.
     */
    public String weightsFingerprint() {
        String hash = ModelFingerprint.of(
                Stream.concat(configFiles(), weightFiles().stream()).toList());
        return precision == BasePrecision.AS_STORED ? hash : hash + "-" + precision.key();
    }

    /** Those that are in effect: an adapter's folder may have a {@code config.json} that counts for nothing. */
    private Stream<Path> configFiles() {
        return Stream.concat(
                withoutAdapter().file(CheckpointFiles.CONFIG).stream(),
                adapter.map(updates -> folder.resolve(AdapterConfig.FILE)).stream());
    }

    /** Names of the files that go with the model wherever it goes, relative to its folder. */
    Set<String> carried() {
        Set<String> names = new LinkedHashSet<>(CheckpointFiles.carried(folder));
        base.ifPresent(model -> names.addAll(model.carried()));
        names.removeIf(name -> file(name).isEmpty());
        return names;
    }

    List<Path> weightFiles() {
        return Stream.concat(files.stream().map(SafetensorsFile::path), adapter.map(Adapter::weightFile).stream())
                .toList();
    }
}
