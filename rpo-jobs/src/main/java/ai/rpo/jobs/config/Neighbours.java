package ai.rpo.jobs.config;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.SmallFile;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * Reads configuration files from any Hadoop file system, and what they include from beside them, which the library does
 * for local files alone: of a text without a file it passes over what it does not find.
 * A name without an extension means the {@code .conf} file.
 */
final class Neighbours implements ConfigIncluder {

    private final Path folder;

    private Neighbours(Path folder) {
        this.folder = folder;
    }

    /**
     * @param file a URI
     * @throws RpoException where it, or a file that it includes, is not there
     */
    static Config parse(String file) {
        return parse(new Path(file), file);
    }

    /** @param name as messages call it */
    private static Config parse(Path file, String name) {
        String text = new SmallFile(file, hadoop())
                .read()
                .orElseThrow(() -> RpoException.configuration(
                        "Cannot read the configuration " + name + ": there is no such file. Check the path."));
        ConfigParseOptions options = ConfigParseOptions.defaults()
                .setSyntax(ConfigSyntax.CONF)
                .setOriginDescription(name)
                .setIncluder(new Neighbours(file.getParent()));
        return ConfigFactory.parseString(text, options);
    }

    /** Reaches stores with the endpoints and credentials that {@code spark-submit} was given. */
    private static Configuration hadoop() {
        return SparkHadoopUtil.get().newConfiguration(new SparkConf());
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        Path file = new Path(folder, what.matches(".*\\.(conf|json|properties)") ? what : what + ".conf");
        return parse(file, file.toString()).root();
    }

    /** Ignores the fallback: what is included by {@code file(…)} or {@code url(…)} does not come here. */
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return this;
    }
}
