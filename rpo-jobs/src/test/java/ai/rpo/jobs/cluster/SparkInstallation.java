package ai.rpo.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A Spark that runs in JVMs of its own, all of them on the loopback interface.
 *
 * @param home a folder whose {@code jars/} holds Spark and what it needs, as in a Spark installation
 * @param jvmOptions a file of JVM options, one a line, that every JVM is given
 * @param directory where processes run and their logs go
 */
record SparkInstallation(Path home, Path jvmOptions, Path directory) {

    /** These JVMs live for seconds, most of which the optimizing compiler would take. */
    private static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1";

    /** How a submitted application ended, and everything that its driver printed. */
    record Submission(int exitCode, String log) {}

    /** Runs an application through {@code spark-submit} in client mode, to its end. */
    Submission submit(
            String master, Path applicationJar, String mainClass, Map<String, String> conf, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> submit = new ArrayList<>(List.of("--master", master, "--class", mainClass));
        submit.addAll(List.of(
                "--conf", "spark.executor.extraJavaOptions=" + SHORT_LIVED + " " + String.join(" ", options())));
        conf.forEach((key, value) -> submit.addAll(List.of("--conf", key + "=" + value)));
        submit.add(applicationJar.toString());
        submit.addAll(arguments);
        Path log = Files.createTempFile(directory, "submit-", ".log");
        Process driver = start(log, "-Xmx1g", "org.apache.spark.deploy.SparkSubmit", submit);
        try {
            int exitCode = driver.waitFor();
            return new Submission(exitCode, Files.readString(log));
        } finally {
            end(driver);
        }
    }

    /** Starts a class of this Spark, which writes all its output to {@code log}. */
    Process start(Path log, String heap, String mainClass, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + jvmOptions,
                SHORT_LIVED,
                heap,
                "-cp",
                home.resolve("jars") + "/*",
                mainClass));
        command.addAll(arguments);
        ProcessBuilder process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        Map<String, String> environment = process.environment();
        environment.keySet().removeIf(name -> name.startsWith("SPARK_"));
        environment.put("SPARK_HOME", home.toString());
        environment.put("SPARK_LOCAL_IP", "127.0.0.1");
        environment.put("SPARK_SCALA_VERSION", "2.12");
        return process.start();
    }

    /** Kills a process and all that it started, and waits until they are gone. */
    static void end(Process process) {
        List<ProcessHandle> family = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .toList();
        family.forEach(ProcessHandle::destroyForcibly);
        family.forEach(each -> each.onExit().orTimeout(10, TimeUnit.SECONDS).join());
    }

    private List<String> options() throws IOException {
        return Files.readAllLines(jvmOptions).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }
}
