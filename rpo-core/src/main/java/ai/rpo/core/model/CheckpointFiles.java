package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The names that a Hugging Face model folder uses, and how its weight files are found. */
final class CheckpointFiles {

    static final String CONFIG = "config.json";
    static final String GENERATION_CONFIG = "generation_config.json";
    static final String TOKENIZER = "tokenizer.json";
    static final String TOKENIZER_CONFIG = "tokenizer_config.json";
    static final String TEMPLATE = "chat_template.jinja";
    static final String WEIGHTS = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";
    static final String MODEL_CARD = "README.md";

    /** Files that go with a model wherever it goes, where it has them. */
    private static final List<String> CARRIED = List.of(
            GENERATION_CONFIG,
            TOKENIZER,
            TOKENIZER_CONFIG,
            "special_tokens_map.json",
            "added_tokens.json",
            "tokenizer.model",
            "vocab.json",
            "vocab.txt",
            "merges.txt",
            TEMPLATE,
            "chat_template.json",
            "LICENSE",
            "LICENSE.md",
            "LICENSE.txt",
            "NOTICE",
            "NOTICE.txt");

    static final String TEMPLATES = "additional_chat_templates";

    private CheckpointFiles() {}

    /** Names of the files in a folder that go with its model, relative to it. */
    static List<String> carried(Path folder) {
        List<String> found = CARRIED.stream()
                .filter(name -> Files.isRegularFile(folder.resolve(name)))
                .collect(Collectors.toCollection(ArrayList::new));
        if (Files.isDirectory(folder.resolve(TEMPLATES))) {
            try (Stream<Path> templates = Files.list(folder.resolve(TEMPLATES))) {
                templates
                        .filter(file -> file.toString().endsWith(".jinja") && Files.isRegularFile(file))
                        .map(file -> TEMPLATES + "/" + file.getFileName())
                        .sorted()
                        .forEach(found::add);
            } catch (IOException e) {
                throw new RpoException(
                        RpoException.Kind.RETRYABLE, "Cannot list " + folder.resolve(TEMPLATES) + ": " + e + ".", e);
            }
        }
        return found;
    }

    static String shard(int number, int of) {
        return String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", number, of);
    }

    /**
     * Opens {@code model.safetensors}, or all files that {@code model.safetensors.index.json} names. Of a tensor that
     * several of them hold, the one counts that the index names.
     *
     * @throws RpoException if there are none, or the index is wrong
     */
    static List<SafetensorsFile> open(Path folder) {
        if (Files.exists(folder.resolve(WEIGHTS))) {
            return List.of(SafetensorsFile.open(folder.resolve(WEIGHTS)));
        }
        Path index = folder.resolve(INDEX);
        if (Files.exists(index)) {
            return openSharded(folder, JsonObject.read(index));
        }
        throw RpoException.configuration("Cannot use the model in " + folder + ": it has neither " + WEIGHTS + " nor "
                + INDEX + ". " + conversionHint(folder));
    }

    private static List<SafetensorsFile> openSharded(Path folder, JsonObject index) {
        JsonObject weightMap = index.object("weight_map")
                .filter(map -> !map.keys().isEmpty())
                .orElseThrow(() -> index.refuse("weight_map", "but must name the file of each tensor"));
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        for (String tensor : weightMap.keys()) {
            String shard = weightMap.text(tensor, "");
            if (!shard.matches("[A-Za-z0-9_][A-Za-z0-9._-]*\\.safetensors")) {
                throw weightMap.refuse(tensor, "but must be the plain name of a .safetensors file in the same folder");
            }
            SafetensorsFile file = shards.computeIfAbsent(shard, s -> SafetensorsFile.open(folder.resolve(s)));
            if (!file.tensors().containsKey(tensor)) {
                throw weightMap.refuse(tensor, "but that file has no such tensor", "Fetch the model again");
            }
        }
        return shards.entrySet().stream()
                .map(shard -> shard.getValue()
                        .only(tensor -> weightMap.text(tensor, shard.getKey()).equals(shard.getKey())))
                .toList();
    }

    private static String conversionHint(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".bin") || name.endsWith(".gguf") || name.endsWith(".pth"))
                    .findFirst()
                    .map(name -> "Convert " + name + " first: load it in transformers and call save_pretrained.")
                    .orElse("Check the path.");
        } catch (IOException e) {
            return "Check the path.";
        }
    }
}
