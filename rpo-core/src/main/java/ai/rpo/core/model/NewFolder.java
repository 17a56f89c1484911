package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.stream.Stream;

/** Writes a folder that appears under its name only once it is whole. */
final class NewFolder {

    private NewFolder() {}

    @FunctionalInterface
    interface Content {
        void writeInto(Path folder) throws IOException;
    }

    /**
     * @param target must not exist, or be an empty folder
     * @throws RpoException if the target is in use, or writing fails
     */
    static void write(Path target, Content content) {
        Path folder = target.toAbsolutePath().normalize();
        Path partial = folder.resolveSibling("." + folder.getFileName() + ".partial");
        try {
            requireFree(folder);
            delete(partial);
            Files.createDirectories(partial);
            try {
                content.writeInto(partial);
                Files.deleteIfExists(folder);
                Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                delete(partial);
            }
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot write the model to " + target + ": " + e + ". Check the disk's space and permissions.",
                    e);
        }
    }

    /** Tokenizer, template, licence and the like, without the source's permissions. */
    static void copyCarried(ModelDirectory source, Path folder) throws IOException {
        for (String name : source.carried()) {
            Path copy = folder.resolve(name);
            Files.createDirectories(copy.getParent());
            try (InputStream content = Files.newInputStream(source.file(name).orElseThrow())) {
                Files.copy(content, copy);
            }
        }
        writeTemplateOfOtherConfig(source, folder);
    }

    /** A template that stands in a {@code tokenizer_config.json} which is not the one that was copied. */
    private static void writeTemplateOfOtherConfig(ModelDirectory source, Path folder) throws IOException {
        SideFiles files = source.sideFiles();
        Path config = files.template().resolve(CheckpointFiles.TOKENIZER_CONFIG);
        Path template = folder.resolve(CheckpointFiles.TEMPLATE);
        if (!files.template().equals(files.tokenizer())
                && !Files.exists(template)
                && Files.exists(config)
                && JsonObject.read(config).isText("chat_template")) {
            Files.writeString(template, JsonObject.read(config).text("chat_template", ""));
        }
    }

    private static void requireFree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        boolean empty = false;
        if (Files.isDirectory(folder)) {
            try (Stream<Path> content = Files.list(folder)) {
                empty = content.findAny().isEmpty();
            }
        }
        if (!empty) {
            throw RpoException.configuration("Cannot write the model to " + folder
                    + ": it exists and is not empty. Remove it, or choose another place.");
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> content = Files.walk(folder)) {
            for (Path path : content.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
