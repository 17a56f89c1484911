package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** An adapter in PEFT's layout: {@code adapter_config.json} and {@code adapter_model.safetensors}. */
public final class Adapter {

    /** Names of the files that tell an adapter from a model. */
    public static final Set<String> SIGNS =
            Set.of(AdapterConfig.FILE, CheckpointFiles.CONFIG, CheckpointFiles.WEIGHTS, CheckpointFiles.INDEX);

    static final String WEIGHTS = "adapter_model.safetensors";

    /** Says what PEFT puts before the name that a weight has in the model. */
    private static final String IN_PEFT = "base_model.model.";

    private final Path folder;
    private final String baseName;
    private final Lora lora;
    private final Weights weights;
    private final List<String> unknownKeys;

    private Adapter(Path folder, ModelConfig base, StoredWeights baseWeights) {
        this.folder = folder;
        JsonObject file = JsonObject.read(folder.resolve(AdapterConfig.FILE));
        baseName = file.text(AdapterConfig.BASE, "");
        lora = AdapterConfig.parse(file, base);
        unknownKeys = AdapterConfig.unknownKeys(file);
        if (!Files.isRegularFile(folder.resolve(WEIGHTS))) {
            throw RpoException.configuration("Cannot use the adapter in " + folder + ": it has no " + WEIGHTS
                    + ". If it has an adapter_model.bin, load it in PEFT and call save_pretrained.");
        }
        SafetensorsFile stored = SafetensorsFile.open(folder.resolve(WEIGHTS));
        Set<String> copied = copiedFrom(baseWeights, stored, lora);
        if (AdapterConfig.trainsTied(base, lora)) {
            WeightNames names = base.architecture().names();
            String head = Lora.saved(names.head() + ".weight");
            requireOne(stored, Lora.saved(names.embedding() + ".weight"), head);
            copied.add(head);
        }
        weights = ParameterFile.read(stored.only(name -> !copied.contains(name)), ParameterLayout.of(base, lora));
    }

    /**
     * Names of the model's own weights in an adapter's file, as PEFT's {@code save_embedding_layers} puts them there.
     *
     * @throws RpoException if one of them is not what it is in the model
     */
    private static Set<String> copiedFrom(StoredWeights base, SafetensorsFile stored, Lora lora) {
        Set<String> copied = new TreeSet<>();
        for (StoredTensor tensor : stored.tensors().values()) {
            String name = tensor.name().startsWith(IN_PEFT) ? tensor.name().substring(IN_PEFT.length()) : "";
            base.find(name).filter(numbers -> !lora.trains(base.entryOf(name))).ifPresent(numbers -> {
                if (!numbers.equalNumbersOf(new StoredNumbers(stored, tensor))) {
                    throw RpoException.configuration("Cannot use " + stored.path() + ": it holds " + tensor.name()
                            + " " + tensor.shape() + ", which differs from the model's " + name + " "
                            + numbers.tensor().shape() + ". " + AdapterConfig.MERGE + ".");
                }
                copied.add(tensor.name());
            });
        }
        return copied;
    }

    /** Requires of an embedding that is the head too that both are the same, where both are there. */
    private static void requireOne(SafetensorsFile stored, String embedding, String head) {
        StoredTensor one = stored.tensors().get(embedding);
        StoredTensor other = stored.tensors().get(head);
        if (one != null
                && other != null
                && !new StoredNumbers(stored, one).equalNumbersOf(new StoredNumbers(stored, other))) {
            throw RpoException.configuration("Cannot use " + stored.path() + ": " + head + " differs from " + embedding
                    + ", though the model's head is its embedding. " + AdapterConfig.MERGE + ".");
        }
    }

    /** Tells whether a folder holds an adapter beside a model of its own, which then is what counts. */
    static boolean liesBesideModelIn(Path folder) {
        return Files.exists(folder.resolve(AdapterConfig.FILE)) && !isAt(folder);
    }

    /** Tells whether a folder holds an adapter, rather than a model of its own. */
    public static boolean isAt(Path folder) {
        return isAmong(SIGNS.stream()
                .filter(name -> Files.exists(folder.resolve(name)))
                .collect(Collectors.toSet()));
    }

    /**
     * Tells whether a folder with these files holds an adapter, as far as they are {@link #SIGNS}. Some trainers copy
     * the model's {@code config.json} beside the adapter, so that alone makes no model.
     */
    public static boolean isAmong(Set<String> files) {
        boolean weights = files.contains(CheckpointFiles.WEIGHTS) || files.contains(CheckpointFiles.INDEX);
        return files.contains(AdapterConfig.FILE) && !(weights && files.contains(CheckpointFiles.CONFIG));
    }

    /**
     * Gives what {@code adapter_config.json} calls the model that is adapted: a path, or a name at the Hugging Face
     * hub.
     */
    static String baseName(Path folder) {
        return JsonObject.read(folder.resolve(AdapterConfig.FILE)).text(AdapterConfig.BASE, "");
    }

    /** Reads the same name out of the file's text. */
    public static String baseNameIn(String text) {
        return JsonObject.parse(text, AdapterConfig.FILE).text(AdapterConfig.BASE, "");
    }

    /**
     * Says that the model of an adapter was not found.
     *
     * @param name what {@code adapter_config.json} calls it, if anything
     */
    public static RpoException withoutModel(Object folder, String name) {
        String why = name.isBlank()
                ? "its " + AdapterConfig.FILE + " does not say which model it adapts"
                : "the model it adapts, " + AdapterConfig.BASE + " = " + name + ", is not here";
        return RpoException.configuration(
                "Cannot use the adapter in " + folder + ": " + why + ". Say where it is with rpo.model.base.");
    }

    /**
     * @param base configuration of the model that is adapted
     * @param baseWeights of that model
     * @throws RpoException naming what is missing, broken or not supported
     */
    static Adapter open(Path folder, ModelConfig base, StoredWeights baseWeights) {
        return new Adapter(folder, base, baseWeights);
    }

    /** Gives what {@code adapter_config.json} calls the model that is adapted. */
    public String baseName() {
        return baseName;
    }

    public Lora lora() {
        return lora;
    }

    /** Every matrix of {@link ParameterLayout#of(ModelConfig, Lora)}. */
    public Weights weights() {
        return weights;
    }

    /** Keys of {@code adapter_config.json} that say something and are not known here. */
    List<String> unknownKeys() {
        return unknownKeys;
    }

    Path weightFile() {
        return folder.resolve(WEIGHTS);
    }

    Path configFile() {
        return folder.resolve(AdapterConfig.FILE);
    }
}
