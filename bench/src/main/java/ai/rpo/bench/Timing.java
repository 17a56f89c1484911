package ai.rpo.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * What some work took.
 *
 * @param operations of floating-point numbers that it needed
 * @param seconds by the clock
 * @param processorSeconds of all threads of the process: what others do on the machine is not in it
 */
record Timing(double operations, double seconds, double processorSeconds) {

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** When it began. */
    record Watch(long nanos, long processorNanos) {

        Timing stop(double operations) {
            return new Timing(
                    operations, Stopwatch.secondsSince(nanos), (SYSTEM.getProcessCpuTime() - processorNanos) / 1e9);
        }
    }

    static Watch start() {
        return new Watch(System.nanoTime(), SYSTEM.getProcessCpuTime());
    }

    double rate() {
        return operations / seconds;
    }

    double processorRate() {
        return operations / processorSeconds;
    }

    Timing plus(Timing other) {
        return new Timing(
                operations + other.operations, seconds + other.seconds, processorSeconds + other.processorSeconds);
    }
}
