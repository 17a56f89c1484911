package ai.rpo.jobs.command;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.launch.SparkLauncher;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.network.util.JavaUtils;

/**
 * Says how much memory an executor has beside its heap, as far as that can be known before it runs.
 *
 * @param bytes empty where nobody says
 * @param source where the number comes from, or why there is none
 * @param remedy what would give more
 */
record NativeRoom(OptionalLong bytes, String source, String remedy) {

    private static final String OPTION = "--memory";
    private static final String OVERHEAD = "spark.executor.memoryOverhead";

    // What Spark gives where nothing is set: 10 % of the heap, 384 MB at least.
    private static final double OVERHEAD_FACTOR = 0.1;
    private static final long LEAST_OVERHEAD = 384L << 20;

    /**
     * @param given on the command line, such as {@code 24g}; a plain number counts bytes
     * @throws RpoException if that is no size
     */
    static NativeRoom of(SparkLauncher spark, Optional<String> given) {
        if (given.isPresent()) {
            return new NativeRoom(
                    OptionalLong.of(bytes(OPTION, given.get())), "given with " + OPTION, "raise " + OPTION);
        }
        String master = spark.master();
        if (master.startsWith("local")) {
            return new NativeRoom(
                    physical(),
                    "this machine's",
                    "use a machine with more memory, or name the one that is meant: " + OPTION
                            + " SIZE, or a cluster's --master");
        }
        Optional<String> overhead = spark.setting(OVERHEAD);
        if (overhead.isPresent()) {
            long megabytes = JavaUtils.byteStringAsMb(overhead.get()); // a plain number counts megabytes
            return new NativeRoom(OptionalLong.of(megabytes << 20), OVERHEAD, "raise " + OVERHEAD);
        }
        if (master.startsWith("yarn") || master.startsWith("k8s")) {
            return new NativeRoom(
                    OptionalLong.of(usualOverhead(spark)),
                    "what Spark adds to spark.executor.memory where " + OVERHEAD + " is not set",
                    "set " + OVERHEAD);
        }
        return unknown("this kind of cluster limits the heap alone");
    }

    static boolean onGpu(SparkLauncher spark) {
        return spark.setting("spark.executor.resource.gpu.amount").isPresent();
    }

    private static NativeRoom unknown(String why) {
        return new NativeRoom(OptionalLong.empty(), why, "");
    }

    /** Such as {@code 24,576 MB: given with --memory}. */
    String describe() {
        return bytes.isPresent()
                ? String.format(Locale.ROOT, "%,d MB: %s", bytes.getAsLong() >> 20, source)
                : "not checked: " + source + "; say how much there is with " + OPTION;
    }

    /**
     * Reads a size from the command line.
     *
     * @throws RpoException if it is none above 0
     */
    static long bytes(String option, String given) {
        try {
            long bytes = JavaUtils.byteStringAsBytes(given);
            if (bytes > 0) {
                return bytes;
            }
        } catch (NumberFormatException e) {
            // refused below, as a size of nothing is
        }
        throw RpoException.configuration(
                "Cannot use " + option + " " + given + ": it is not a size above 0. Write one such as 24g.");
    }

    private static long usualOverhead(SparkLauncher spark) {
        long heap =
                JavaUtils.byteStringAsMb(spark.setting("spark.executor.memory").orElse("1g")) << 20;
        double factor = spark.setting("spark.executor.memoryOverheadFactor")
                .map(Double::parseDouble)
                .orElse(OVERHEAD_FACTOR);
        return Math.max(LEAST_OVERHEAD, (long) (factor * heap));
    }

    private static OptionalLong physical() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? OptionalLong.of(system.getTotalMemorySize())
                : OptionalLong.empty();
    }
}
