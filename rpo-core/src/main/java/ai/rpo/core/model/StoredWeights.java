package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Packing;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The weights of a layout, each found in one of a checkpoint's files and checked against it. */
final class StoredWeights implements Weights {

    /** Buffers that older checkpoints store: rotary frequencies, and the causal masks of GPT-2 and GPT-NeoX. */
    private static final Pattern BUFFER =
            Pattern.compile(".*(\\.rotary_emb\\.inv_freq|\\.(attn|attention)\\.(masked_)?bias)");

    private final Path folder;
    private final String basePrefix;
    private final String embedding;
    private final String head;
    private final boolean tiedHead;
    private final boolean scalarHead;
    private final Optional<DrawnHead> drawn;
    private final Map<String, StoredNumbers> stored = new LinkedHashMap<>();
    private final Map<String, StoredNumbers> byEntry = new HashMap<>();
    private final Map<String, QuantizedTensor> quantized = new HashMap<>();
    private final Map<String, Mxfp4Tensor> inBlocks = new HashMap<>();
    private final Optional<BitsAndBytes> quantization;
    private final Set<String> unused;
    private PackedMatrix latest;
    private String latestName;

    private StoredWeights(
            Path folder,
            ModelConfig config,
            List<SafetensorsFile> files,
            Optional<DrawnHead> drawn,
            Optional<BitsAndBytes> quantization) {
        this.folder = folder;
        this.drawn = drawn;
        this.quantization = quantization;
        WeightNames names = config.architecture().names();
        basePrefix = names.basePrefix();
        embedding = names.embedding() + ".weight";
        head = names.head() + ".weight";
        tiedHead = config.tiedHead();
        scalarHead = config.reward().isPresent();
        for (SafetensorsFile file : files) {
            for (StoredTensor tensor : file.tensors().values()) {
                if (stored.put(tensor.name(), new StoredNumbers(file, tensor)) != null) {
                    throw refuse("tensor " + tensor.name() + " is in more than one of its files");
                }
            }
        }
        unused = new TreeSet<>(stored.keySet());
    }

    /**
     * @param drawn numbers of a reward model's head, where the files have another head
     * @param quantization of the files, if they are quantised
     * @throws RpoException if a weight of the model is missing, or has another shape or an unreadable dtype
     */
    static StoredWeights of(
            Path folder,
            ModelConfig config,
            List<SafetensorsFile> files,
            Optional<DrawnHead> drawn,
            Optional<BitsAndBytes> quantization) {
        StoredWeights weights = new StoredWeights(folder, config, files, drawn, quantization);
        if (quantization.isPresent() && config.architecture().names().inputMajor()) {
            throw weights.refuse(
                    "its " + config.modelType() + " weights are quantised in another order than they have here");
        }
        if (config.layers() > weights.stored.size()) { // before a layout of that many is made
            throw weights.refuse("config.json says num_hidden_layers = " + config.layers() + ", but there are only "
                    + weights.stored.size() + " tensors");
        }
        weights.requireExperts(config);
        for (ParameterLayout.Entry entry : ParameterLayout.of(config).entries()) {
            if (!weights.isDrawn(entry)) {
                weights.resolve(entry);
            }
        }
        if (weights.scalarHead) {
            weights.requireNoBias();
        }
        weights.unused.removeIf(name -> BUFFER.matcher(name).matches());
        if (weights.tiedHead && weights.unused.contains(weights.head)) {
            weights.requireTied();
        }
        return weights;
    }

    /** Those of a model of which there are none: nothing is found, and nothing can be read. */
    static StoredWeights absent(Path folder, ModelConfig config) {
        return new StoredWeights(folder, config, List.of(), Optional.empty(), Optional.empty());
    }

    @Override
    public void read(ParameterLayout.Entry entry, long elementOffset, FloatBuffer target) {
        if (isDrawn(entry)) {
            drawn.orElseThrow().read(entry, elementOffset, target);
            return;
        }
        if (quantized.containsKey(entry.name())) {
            QuantizedWeights.read(packed(entry), elementOffset, target);
            return;
        }
        if (inBlocks.containsKey(entry.name())) {
            inBlocks.get(entry.name()).read(elementOffset, target);
            return;
        }
        StoredNumbers place = byEntry.get(entry.name());
        if (place == null) {
            throw new IllegalArgumentException("Not a weight of this model: " + entry.name());
        }
        place.file().read(place.tensor(), elementOffset, target);
    }

    @Override
    public boolean isBfloat16(ParameterLayout.Entry entry) {
        StoredNumbers place = byEntry.get(entry.name());
        return place != null && Dtype.BF16.name().equals(place.tensor().dtype()) || Weights.super.isBfloat16(entry);
    }

    @Override
    public Optional<Packing> packing(ParameterLayout.Entry entry) {
        return Optional.ofNullable(quantized.get(entry.name()))
                .filter(tensor -> entry.order().equals(RowOrder.AS_STORED)
                        || PackedMatrix.hasWholeRows(tensor.packing(), entry.columns(), tensor.block()))
                .map(QuantizedTensor::packing);
    }

    /** Pieces of one matrix are read one after another, so the latest is kept. */
    @Override
    public synchronized PackedMatrix packed(ParameterLayout.Entry entry) {
        if (!entry.name().equals(latestName)) {
            latest = quantized.get(entry.name()).read();
            latestName = entry.name();
        }
        return latest;
    }

    /** Tells how most matrices are quantised in the files, if they are. */
    Optional<Packing> packing() {
        return quantization.map(BitsAndBytes::packing);
    }

    /** The numbers of a weight by its name in the layout; a tied head's are the embedding's. */
    Optional<StoredNumbers> find(String name) {
        return Optional.ofNullable(byEntry.get(entryOf(name)));
    }

    /** The name in the layout of a weight, which for a tied head is the embedding's. */
    String entryOf(String name) {
        return tiedHead && name.equals(head) ? embedding : name;
    }

    /** The dtype in which most bytes are stored. */
    Dtype dtype() {
        Map<Dtype, Long> bytes = new HashMap<>();
        byEntry.values()
                .forEach(place -> bytes.merge(
                        Dtype.valueOf(place.tensor().dtype()), place.tensor().bytes(), Long::sum));
        return bytes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
    }

    /** Names of tensors that the model has no use for. */
    List<String> unused() {
        return List.copyOf(unused);
    }

    /** Requires experts, each of which has tensors of its own. */
    private void requireExperts(ModelConfig config) {
        config.architecture()
                .mixture()
                .filter(mixture -> !mixture.names().stacked())
                .ifPresent(mixture -> {
                    long experts = (long) mixture.experts() * Collections.frequency(mixture.layers(), true);
                    if (experts > stored.size()) {
                        throw refuse("config.json says that there are " + mixture.experts() + " experts in a layer, "
                                + experts + " in all, but there are only " + stored.size() + " tensors");
                    }
                });
    }

    private boolean isDrawn(ParameterLayout.Entry entry) {
        return drawn.isPresent() && entry.name().equals(head);
    }

    private void resolve(ParameterLayout.Entry entry) {
        Optional<Mxfp4Tensor> found = candidates(entry.name()).stream()
                .flatMap(name -> Mxfp4Tensor.find(entry, name, stored).stream())
                .findFirst();
        if (found.isPresent()) {
            inBlocks.put(entry.name(), found.get());
            found.get().names().forEach(unused::remove);
            return;
        }
        StoredNumbers place = candidates(entry.name()).stream()
                .filter(stored::containsKey)
                .findFirst()
                .map(stored::get)
                .orElseThrow(() -> refuse("weight " + entry.name() + " is missing" + missingHint(entry.name())));
        StoredTensor tensor = place.tensor();
        if (scalarHead && entry.name().equals(head) && tensor.shape().get(0) > 1) {
            throw refuse("weight " + tensor.name() + " has shape " + tensor.shape()
                    + ", a row for each of several labels, but a reward model has one label");
        }
        if (quantization.isPresent() && Dtype.named(tensor.dtype()).isEmpty()) {
            List<String> used = new ArrayList<>(List.of(tensor.name()));
            quantized.put(
                    entry.name(),
                    new QuantizedTensor.Finder(stored, used)
                            .find(entry, place, quantization.get().packing()));
            used.forEach(unused::remove);
            return;
        }
        if (!tensor.shape()
                .equals(entry.shape().stream().map(Integer::longValue).toList())) {
            throw refuse("weight " + tensor.name() + " has shape " + tensor.shape() + ", but config.json asks for "
                    + entry.shape());
        }
        if (Dtype.named(tensor.dtype()).isEmpty()) {
            throw refuse("weight " + tensor.name() + " is stored as " + tensor.dtype()
                    + ", but only F32, F16 and BF16 can be read");
        }
        byEntry.put(entry.name(), place);
        unused.remove(tensor.name());
    }

    /** A checkpoint of the bare model lacks the prefix; a tied matrix may be stored under either of its names. */
    private List<String> candidates(String name) {
        List<String> names = new ArrayList<>(List.of(name));
        if (name.startsWith(basePrefix)) {
            names.add(name.substring(basePrefix.length()));
        }
        if (tiedHead && name.equals(embedding)) {
            names.add(head);
        }
        if (name.equals(head)) { // in memory transformers calls every model's head as Llama's
            names.add((scalarHead ? RewardHead.OTHER_NAME : WeightNames.LLAMA.head()) + ".weight");
        }
        return names;
    }

    private String missingHint(String name) {
        if (scalarHead && name.equals(head)) {
            return "";
        }
        if (name.equals(head)) {
            return " (a model whose head is its embedding says tie_word_embeddings: true)";
        }
        return stored.keySet().stream()
                .filter(found -> found.endsWith("." + name))
                .findFirst()
                .map(found -> " (" + found + " is there: save the model without what it was wrapped in for training)")
                .orElse("");
    }

    /** A head that is stored beside the embedding it is tied to must equal it, or tying changes the model. */
    private void requireTied() {
        if (!stored.get(head).equalNumbersOf(byEntry.get(embedding))) {
            throw refuse("config.json says tie_word_embeddings: true, but " + head + " differs from " + embedding);
        }
        unused.remove(head);
    }

    private void requireNoBias() {
        for (String name : List.of(RewardHead.NAME, RewardHead.OTHER_NAME)) {
            if (stored.containsKey(name + ".bias")) {
                throw refuse("it has " + name + ".bias, but a reward model's head has no bias here");
            }
        }
    }

    private RpoException refuse(String why) {
        return RpoException.configuration("Cannot use the model in " + folder + ": " + why
                + ". Check that config.json and the weights belong together.");
    }
}
