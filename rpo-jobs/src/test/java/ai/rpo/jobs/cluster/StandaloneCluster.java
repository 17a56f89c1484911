package ai.rpo.jobs.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Spark standalone cluster: a master and some workers of one core each, every one a JVM of its own on free ports of
 * the loopback interface. Closing it, or the end of this JVM, ends all of them and the executors they started.
 */
final class StandaloneCluster implements AutoCloseable {

    private static final Duration STARTUP = Duration.ofMinutes(2);
    private static final Pattern MASTER_URL = Pattern.compile("Starting Spark master at (spark://\\S+)");
    private static final Pattern MASTER_PAGE = Pattern.compile("MasterWebUI .* started at (http://\\S+)");

    private final SparkInstallation spark;
    private final List<Process> daemons = new ArrayList<>();
    private final Thread atExit = new Thread(this::endDaemons);
    private final String url;

    /** Starts the cluster and returns once all workers have registered. */
    StandaloneCluster(SparkInstallation spark, int workers) throws Exception {
        this.spark = spark;
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            Path log = start("master", "org.apache.spark.deploy.master.Master", List.of());
            url = await("the master", () -> find(MASTER_URL, log));
            URI state = URI.create(await("the master's page", () -> find(MASTER_PAGE, log)) + "/json/");
            for (int worker = 0; worker < workers; worker++) {
                String folder = spark.directory().resolve("work-" + worker).toString();
                start(
                        "worker-" + worker,
                        "org.apache.spark.deploy.worker.Worker",
                        List.of("--cores", "1", "--memory", "2g", "--work-dir", folder, url));
            }
            await(workers + " workers", () -> Optional.of(aliveWorkers(state)).filter(alive -> alive == workers));
        } catch (Exception e) {
            close();
            throw e;
        }
    }

    /** Such as {@code spark://127.0.0.1:7077}. */
    String url() {
        return url;
    }

    /** Kills a running executor, as the loss of its machine would, and says whether there was one. */
    boolean killExecutor() {
        return daemons.stream()
                .skip(1) // the master; what the others start are executors
                .flatMap(Process::descendants)
                .findFirst()
                .map(ProcessHandle::destroyForcibly)
                .orElse(false);
    }

    /** Kills all workers with their executors, as the loss of all machines but the master's would. */
    void killWorkers() {
        daemons.subList(1, daemons.size()).forEach(SparkInstallation::end);
    }

    @Override
    public void close() {
        endDaemons();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }

    private void endDaemons() {
        daemons.forEach(SparkInstallation::end);
    }

    private Path start(String name, String mainClass, List<String> arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("--host", "127.0.0.1", "--port", "0", "--webui-port", "0"));
        all.addAll(arguments);
        Path log = spark.directory().resolve(name + ".log");
        daemons.add(spark.start(log, "-Xmx256m", mainClass, all));
        return log;
    }

    private <T> T await(String what, Callable<Optional<T>> condition) throws Exception {
        Instant deadline = Instant.now().plus(STARTUP);
        while (daemons.stream().allMatch(Process::isAlive) && Instant.now().isBefore(deadline)) {
            Optional<T> value = condition.call();
            if (value.isPresent()) {
                return value.get();
            }
            Thread.sleep(100);
        }
        throw new IllegalStateException(
                "Cannot start a Spark cluster: no " + what + " yet. See the logs in " + spark.directory() + ".");
    }

    private static int aliveWorkers(URI state) throws IOException {
        return new ObjectMapper().readTree(state.toURL()).path("aliveworkers").asInt();
    }

    private static Optional<String> find(Pattern pattern, Path log) throws IOException {
        Matcher matcher = pattern.matcher(Files.readString(log));
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }
}
