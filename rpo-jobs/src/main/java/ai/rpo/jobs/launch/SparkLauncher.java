package ai.rpo.jobs.launch;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;

/**
 * Starts Spark, here and nowhere else, when the first stage needs it: a command that only looks takes no cluster's time.
 *
 * <p>What {@code spark-submit} was given stands; keys of the configuration come next, and defaults that suit a job
 * without a visitor last.
 */
public final class SparkLauncher implements AutoCloseable {

    private final SparkConf conf;
    private SparkSession session;

    /**
     * @param name of the application
     * @param master given on the command line
     * @param keys under {@code spark.} in the configuration
     */
    public SparkLauncher(String name, Optional<String> master, Map<String, String> keys) {
        this(name, master, keys, new SparkConf());
    }

    SparkLauncher(String name, Optional<String> master, Map<String, String> keys, SparkConf submitted) {
        conf = submitted;
        keys.forEach(conf::setIfMissing);
        master.ifPresent(conf::setMaster);
        conf.setIfMissing("spark.master", "local[*]");
        // spark-submit always names an application, after the main class if nobody did.
        if (conf.get("spark.app.name", "").endsWith("Main")) {
            conf.remove("spark.app.name");
        }
        conf.setIfMissing("spark.app.name", name);
        conf.setIfMissing("spark.ui.enabled", "false");
        conf.setIfMissing("spark.ui.showConsoleProgress", "false");
        // Progress within a task is known from heartbeats.
        conf.setIfMissing("spark.executor.heartbeatInterval", "2s");
        if (master().startsWith("local")) {
            // A laptop's name often resolves to an address that its network or VPN does not route.
            conf.setIfMissing("spark.driver.host", "localhost");
            conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
            conf.setIfMissing(
                    "spark.sql.shuffle.partitions",
                    String.valueOf(2 * Runtime.getRuntime().availableProcessors()));
        } else {
            new ExecutorNeeds(conf).fillIn();
            // Work is divided among the cores that are there when it begins; Spark waits half a minute for the rest.
            conf.setIfMissing("spark.scheduler.minRegisteredResourcesRatio", "1.0");
        }
    }

    /** Such as {@code local[*]}. */
    public String master() {
        return conf.get("spark.master");
    }

    /** A setting of Spark's, whoever gave it. */
    public Optional<String> setting(String key) {
        return Optional.ofNullable(conf.get(key, null));
    }

    /** Reaches the same file systems as the session will, without one. */
    public Configuration hadoop() {
        return SparkHadoopUtil.get().newConfiguration(conf);
    }

    /** The session, started at the first call. */
    public synchronized SparkSession session() {
        if (session == null) {
            session = SparkSession.builder().config(conf).getOrCreate();
        }
        return session;
    }

    /**
     * Begins to start the session beside what the caller does next. Where that fails, {@link #session} tries again, and
     * says why.
     */
    public void startAhead() {
        CompletableFuture.runAsync(this::session);
    }

    /** Whether the driver runs in the cluster, where a failure must be thrown to be seen. */
    public static boolean isClusterMode() {
        return "cluster".equals(System.getProperty("spark.submit.deployMode"));
    }

    @Override
    public synchronized void close() {
        if (session != null) {
            session.stop();
        }
    }
}
