package ai.rpo.jobs.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * The decoder that the demo starts from, in Hugging Face layout: 0.33 M parameters that this project's own {@code sft}
 * stage trained on the careless writer's answers (conf/demo-sft.conf says how).
 */
final class BaseModel {

    static final List<String> FILES = List.of(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "README.md");

    private BaseModel() {}

    /** Copies the model out of the jar. */
    static void unpack(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (String name : FILES) {
            try (InputStream in = BaseModel.class.getResourceAsStream("base/" + name)) {
                if (in == null) {
                    throw new UncheckedIOException(new IOException("base/" + name + " is missing from this build"));
                }
                Files.copy(in, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
