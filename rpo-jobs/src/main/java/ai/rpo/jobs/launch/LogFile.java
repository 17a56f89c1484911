package ai.rpo.jobs.launch;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.AppenderComponentBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;

/**
 * Sends what Spark, ND4J and we log to a file and nothing to the screen, which belongs to the person before it. Whoever
 * brings a log4j configuration of their own keeps it, and so does a driver in a cluster, whose output is collected.
 */
public final class LogFile {

    private static final String NAME = "rpo.log";

    private LogFile() {}

    /** Until the run directory is known: nothing but errors. */
    public static void silence() {
        if (isOurs()) {
            ConfigurationBuilder<BuiltConfiguration> builder = ConfigurationBuilderFactory.newConfigurationBuilder();
            // Without any appender Spark would bring its own, which prints.
            builder.add(builder.newAppender("nowhere", "Null"));
            builder.add(builder.newRootLogger(Level.OFF).add(builder.newAppenderRef("nowhere")));
            Configurator.reconfigure(builder.build());
        }
    }

    /**
     * @param run the run directory, if it is on this machine; lines cannot be added to files on other stores, so the log
     *     then goes to a temporary folder
     * @return where the log is, if it is in a file of ours
     */
    public static Optional<Path> open(Optional<Path> run) {
        if (!isOurs()) {
            return Optional.empty();
        }
        Path file = run.orElseGet(LogFile::temporaryFolder).resolve(NAME);
        Configurator.reconfigure(toFile(file));
        return Optional.of(file);
    }

    /** A file with a stack trace, for a failure before there is a log. */
    static Path ofTrace(Throwable thrown) {
        Path file = temporaryFolder().resolve(NAME);
        StringWriter trace = new StringWriter();
        thrown.printStackTrace(new PrintWriter(trace, true));
        try {
            Files.writeString(file, trace.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("rpo-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static BuiltConfiguration toFile(Path file) {
        ConfigurationBuilder<BuiltConfiguration> builder = ConfigurationBuilderFactory.newConfigurationBuilder();
        AppenderComponentBuilder appender = builder.newAppender("file", "RollingFile")
                .addAttribute("fileName", file.toString())
                .addAttribute("filePattern", file + ".%i")
                .add(builder.newLayout("PatternLayout").addAttribute("pattern", "%d{ISO8601} %-5p %c{1.}: %m%n%ex"))
                .addComponent(builder.newComponent("Policies")
                        .addComponent(builder.newComponent("SizeBasedTriggeringPolicy")
                                .addAttribute("size", "50 MB")))
                .addComponent(builder.newComponent("DefaultRolloverStrategy").addAttribute("max", 2));
        builder.add(appender);
        builder.add(builder.newRootLogger(Level.INFO).add(builder.newAppenderRef("file")));
        return builder.build();
    }

    private static boolean isOurs() {
        return System.getProperty("log4j2.configurationFile") == null
                && System.getProperty("log4j.configurationFile") == null
                && !SparkLauncher.isClusterMode();
    }
}
