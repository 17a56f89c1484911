package ai.rpo.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A Spark installation as {@code deploy/bin} expects one: a folder with {@code bin/spark-submit}. */
final class SparkHome {

    static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    /** The jars of a Spark distribution: those that the program is built against, and those of the cluster managers. */
    static final List<String> JARS = List.of(
            CHECKOUT.resolve("rpo-jobs/target/spark/jars") + "/*", CHECKOUT.resolve("cluster-test/target/jars") + "/*");

    private static final Path JAVA = Path.of(System.getProperty("java.home"));

    private final Path home;

    /** How a submitted application ended, and all that {@code spark-submit} printed. */
    record Submission(int exitCode, String log) {}

    /** Writes {@code bin/spark-submit} in the folder {@code home}. */
    SparkHome(Path home) throws IOException {
        this.home = home;
        Path script = Files.createDirectories(home.resolve("bin")).resolve("spark-submit");
        Files.writeString(script, """
                #!/bin/sh
                exec '%s' '@%s' -Xmx512m -XX:TieredStopAtLevel=1 -cp "${HADOOP_CONF_DIR:-/nowhere}:%s" \\
                    org.apache.spark.deploy.SparkSubmit "$@"
                """.formatted(
                        JAVA.resolve("bin/java"),
                        CHECKOUT.resolve("deploy/jvm.options"),
                        String.join(File.pathSeparator, JARS)));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    /** Runs a script of {@code deploy/bin} to its end. */
    Submission submit(String script, Map<String, String> environment, List<String> arguments)
            throws IOException, InterruptedException {
        Path log = Files.createTempFile(home, "submit-", ".log");
        Process process = start(log, script, environment, arguments);
        try {
            return new Submission(process.waitFor(), read(log));
        } finally {
            process.destroyForcibly();
        }
    }

    /** Starts a script of {@code deploy/bin}, which writes all its output to {@code log}. */
    Process start(Path log, String script, Map<String, String> environment, List<String> arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(CHECKOUT.resolve("deploy/bin/" + script).toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> name.matches("(SPARK|HADOOP|YARN|RPO|KUBERNETES)_.*"));
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("JAVA_HOME", JAVA.toString());
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("SPARK_SCALA_VERSION", "2.12");
        builder.environment().putAll(environment);
        return builder.start();
    }

    static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
