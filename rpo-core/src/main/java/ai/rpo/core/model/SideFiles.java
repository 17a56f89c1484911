package ai.rpo.core.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Says which folder the files beside a model's weights come from. An adapter's own come first; what it lacks is its
 * model's. Files that only make sense together come from one folder: those of the tokenizer, and those of the template.
 *
 * @param own folder
 * @param base folder of the model that an adapter adapts
 */
public record SideFiles(Path own, Optional<Path> base) {

    private static final Set<String> TOKENIZER = Set.of(
            CheckpointFiles.TOKENIZER,
            CheckpointFiles.TOKENIZER_CONFIG,
            "special_tokens_map.json",
            "added_tokens.json",
            "tokenizer.model",
            "vocab.json",
            "vocab.txt",
            "merges.txt");
    private static final List<String> TEMPLATE =
            List.of(CheckpointFiles.TEMPLATE, "chat_template.json", CheckpointFiles.TEMPLATES);

    /** The file of that name, relative to its folder, if there is one. */
    public Optional<Path> find(String name) {
        if (TOKENIZER.contains(name)) {
            return in(tokenizer(), name);
        }
        if (TEMPLATE.stream().anyMatch(name::startsWith)) {
            return in(template(), name);
        }
        return in(own, name).or(() -> base.flatMap(folder -> in(folder, name)));
    }

    /** Folder of {@code tokenizer.json} and what explains it. */
    public Path tokenizer() {
        return base.filter(folder -> TOKENIZER.stream().noneMatch(name -> isIn(own, name)))
                .orElse(own);
    }

    /** Folder whose chat templates count, in files of their own or in its {@code tokenizer_config.json}. */
    public Path template() {
        return base.filter(folder -> !hasTemplate(own)).orElse(own);
    }

    private static boolean hasTemplate(Path folder) {
        Path config = folder.resolve(CheckpointFiles.TOKENIZER_CONFIG);
        return TEMPLATE.stream().anyMatch(name -> isIn(folder, name))
                || Files.isRegularFile(config) && JsonObject.read(config).has("chat_template");
    }

    private static Optional<Path> in(Path folder, String name) {
        return Optional.of(folder.resolve(name)).filter(Files::isRegularFile);
    }

    private static boolean isIn(Path folder, String name) {
        return Files.exists(folder.resolve(name));
    }
}
