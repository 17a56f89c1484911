package ai.rpo.jobs.demo;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Writes what a run of a demo is configured with: a recipe like any other. */
final class DemoConfiguration {

    private DemoConfiguration() {}

    /**
     * Writes a file for {@code ./rpo COMMAND --config}.
     *
     * @param shared name of the resource with what all such runs share
     * @param own keys of this run
     */
    static void write(Path file, String command, String shared, Map<String, Object> own) throws IOException {
        Config configuration = ConfigFactory.parseResources(DemoConfiguration.class, shared);
        for (Map.Entry<String, Object> entry : own.entrySet()) {
            configuration = configuration.withValue(entry.getKey(), ConfigValueFactory.fromAnyRef(entry.getValue()));
        }
        String text = configuration
                .root()
                .render(ConfigRenderOptions.defaults()
                        .setJson(false)
                        .setOriginComments(false)
                        .setComments(false));
        Files.createDirectories(file.getParent());
        Files.writeString(file, "# ./rpo " + command + " --config " + file + "\n" + text);
    }
}
