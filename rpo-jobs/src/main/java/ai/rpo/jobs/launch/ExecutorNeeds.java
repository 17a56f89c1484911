package ai.rpo.jobs.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import org.apache.spark.SparkConf;

/** Fills in what executors on a cluster cannot do without, where the user and {@code spark-submit} left it out. */
record ExecutorNeeds(SparkConf conf) {

    private static final String JARS = "spark.jars";

    void fillIn() {
        conf.setIfMissing("spark.executor.defaultJavaOptions", jvmOptions());
        if (conf.get(JARS, "").isEmpty()) {
            conf.set(JARS, applicationJar());
        }
    }

    /** The lines of {@code deploy/jvm.options} as one. */
    private static String jvmOptions() {
        try (InputStream in = ExecutorNeeds.class.getResourceAsStream("jvm.options")) {
            return new String(in.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .collect(joining(" "));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String applicationJar() {
        URI origin = URI.create(ExecutorNeeds.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString());
        if (!origin.getPath().endsWith(".jar")) {
            throw RpoException.configuration("Cannot run on " + conf.get("spark.master")
                    + ": executors need the application jar, and this program runs from classes."
                    + " Give --master on the command line of ./rpo, or use deploy/bin/submit.");
        }
        return origin.toString();
    }
}
