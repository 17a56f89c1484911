package ai.rpo.jobs.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.RpoException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Loads configurations without this process's environment. */
final class ConfigurationFixture {

    private ConfigurationFixture() {}

    static ResolvedConfiguration definitions(String... definitions) {
        return load(Optional.empty(), ConfigFactory.empty(), definitions);
    }

    static ResolvedConfiguration file(Path folder, String text, String... definitions) {
        return load(Optional.of(write(folder, text)), ConfigFactory.empty(), definitions);
    }

    static ResolvedConfiguration load(Optional<String> file, Config environment, String... definitions) {
        return ResolvedConfiguration.load(new ConfigurationSources(file, environment, List.of(definitions)), List.of());
    }

    /** The message of the failure, after its folder is cut from it. */
    static String refusal(Path folder, String text, String... definitions) {
        RpoException failure = assertThrows(RpoException.class, () -> file(folder, text, definitions));
        assertEquals(RpoException.Kind.CONFIGURATION, failure.kind());
        return failure.getMessage().replace(folder + "/", "");
    }

    static String write(Path folder, String text) {
        try {
            return Files.writeString(folder.resolve("my.conf"), text).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
