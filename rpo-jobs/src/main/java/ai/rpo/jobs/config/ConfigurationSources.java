package ai.rpo.jobs.config;

import ai.rpo.core.RpoException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.io.File;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;

/**
 * Names the sources of settings, of which each wins over those before it: the defaults of {@code reference.conf}, a
 * file, the environment ({@code CONFIG_FORCE_…}), and {@code -D} on the command line.
 *
 * @param file HOCON, at any Hadoop path
 * @param environment see {@link ConfigFactory#systemEnvironmentOverrides}
 * @param definitions {@code key=value}, later ones win
 */
public record ConfigurationSources(Optional<String> file, Config environment, List<String> definitions) {

    public ConfigurationSources {
        definitions = List.copyOf(definitions);
    }

    /** A file and definitions, with this process's environment. */
    public static ConfigurationSources of(Optional<String> file, List<String> definitions) {
        return new ConfigurationSources(file, ConfigFactory.systemEnvironmentOverrides(), definitions);
    }

    /** Adds definitions that win over all others. */
    public ConfigurationSources and(List<String> more) {
        return new ConfigurationSources(
                file,
                environment,
                Stream.concat(definitions.stream(), more.stream()).toList());
    }

    /** Every key with its default. */
    static Config defaults() {
        return unresolvedDefaults().resolve();
    }

    private static Config unresolvedDefaults() {
        return ConfigFactory.parseResources(ConfigurationSources.class.getClassLoader(), "reference.conf")
                .withFallback(ObjectiveKeys.defaults());
    }

    /** All sources joined, substitutions resolved. */
    Config join() {
        try {
            return commandLine()
                    .withFallback(ownKeys(environment))
                    .withFallback(file.map(ConfigurationSources::parse).orElse(ConfigFactory.empty()))
                    .withFallback(unresolvedDefaults())
                    .resolve();
        } catch (ConfigException.UnresolvedSubstitution e) {
            throw RpoException.configuration("Cannot resolve the configuration: " + e.getMessage()
                    + ". Define what it refers to, or write ${?…} where it may be missing.");
        } catch (ConfigException e) {
            throw RpoException.configuration("Cannot resolve the configuration: " + e.getMessage() + ".");
        }
    }

    /** Other programs may use CONFIG_FORCE_ too. */
    private static Config ownKeys(Config environment) {
        Config own = ConfigFactory.empty();
        for (String root : List.of("rpo", "spark")) {
            if (environment.hasPath(root)) {
                own = own.withFallback(environment.withOnlyPath(root));
            }
        }
        return own;
    }

    private static Config parse(String file) {
        ConfigParseOptions options =
                ConfigParseOptions.defaults().setAllowMissing(false).setSyntax(ConfigSyntax.CONF);
        try {
            Path path = new Path(file);
            if (path.toUri().getScheme() == null) {
                // Absolute, since the library looks for what it includes beside a file that has a parent.
                return ConfigFactory.parseFile(new File(file).getAbsoluteFile(), options.setOriginDescription(file));
            }
            return Neighbours.parse(file);
        } catch (ConfigException.IO e) {
            throw RpoException.configuration(
                    "Cannot read the configuration " + file + ": " + whyUnreadable(new File(file)));
        } catch (ConfigException | IllegalArgumentException e) {
            throw RpoException.configuration("Cannot read the configuration: " + e.getMessage());
        }
    }

    private static String whyUnreadable(File file) {
        if (file.isDirectory()) {
            return "it is a folder. Name a file in it.";
        }
        return file.exists() ? "access is denied. Check its permissions." : "there is no such file. Check the path.";
    }

    private Config commandLine() {
        Config joined = ConfigFactory.empty();
        for (String definition : definitions) {
            joined = define(definition).withFallback(joined);
        }
        return joined;
    }

    private static Config define(String definition) {
        int equals = definition.indexOf('=');
        if (equals < 1) {
            throw RpoException.configuration("Cannot use -D " + definition
                    + ": it has no value. Write -D key=value, such as -D rpo.train.epochs=2.");
        }
        String key = definition.substring(0, equals).strip();
        try {
            ConfigValue value = value(definition.substring(equals + 1).strip());
            // Spark has keys such as spark.speculation beside spark.speculation.interval, which make no tree.
            return key.startsWith("spark.")
                    ? ConfigFactory.empty().withValue(ConfigUtil.joinPath(key), value)
                    : ConfigFactory.empty().withValue(key, value);
        } catch (ConfigException e) {
            throw RpoException.configuration("Cannot use -D " + definition + ": " + e.getMessage() + ".");
        }
    }

    /** Lists, objects and quoted text are HOCON; anything else is itself, so that a URI needs no quotes. */
    private static ConfigValue value(String text) {
        boolean hocon = text.startsWith("[") || text.startsWith("{") || text.startsWith("\"");
        return hocon
                ? ConfigFactory.parseString(
                                "value = " + text, ConfigParseOptions.defaults().setOriginDescription("-D"))
                        .resolve()
                        .getValue("value")
                : ConfigValueFactory.fromAnyRef(text.equals("null") ? null : text, "-D");
    }
}
