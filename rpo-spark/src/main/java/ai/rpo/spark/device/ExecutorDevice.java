package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.IntConsumer;
import org.apache.spark.TaskContext;

/**
 * The GPU that this executor JVM computes on: the one whose address Spark gave to its first task, for as long as the
 * JVM lives. A lock on this machine keeps two executors from the same one even where the cluster does not.
 */
public final class ExecutorDevice {

    private final Path locks;
    private final IntConsumer bind;
    private String claimed;
    private FileLock lock;

    /**
     * @param locks folder that all executors of the machine share
     * @param bind makes the backend compute on a device; called once, before the backend's first use
     */
    ExecutorDevice(Path locks, IntConsumer bind) {
        this.locks = locks;
        this.bind = bind;
    }

    /** Claims among all executors of this machine. */
    public static ExecutorDevice ofThisMachine() {
        return new ExecutorDevice(
                Path.of(System.getProperty("java.io.tmpdir"), "rpo-gpus-" + System.getProperty("user.name")),
                CudaDevice::use);
    }

    /**
     * Must be called by a task before it computes anything. Does nothing where Spark gave it no GPU, nor
     * outside a task.
     *
     * @throws RpoException if it was given several, or one that another executor has
     */
    public void claimForThisTask() {
        TaskContext task = TaskContext.get();
        if (task != null && task.resourcesJMap().containsKey("gpu")) {
            claim(List.of(task.resourcesJMap().get("gpu").addresses()));
        }
    }

    synchronized void claim(List<String> addresses) {
        if (addresses.size() != 1) {
            throw RpoException.configuration("Cannot compute on " + addresses.size() + " GPUs in one task (" + addresses
                    + "): a worker uses one. Set spark.executor.resource.gpu.amount = 1 and"
                    + " spark.task.resource.gpu.amount = 1, and start more executors.");
        }
        String address = addresses.get(0);
        if (address.equals(claimed)) {
            return;
        }
        if (claimed != null) {
            throw RpoException.configuration(
                    "Cannot compute on GPU " + address + " in an executor that already uses GPU " + claimed
                            + ". Set spark.executor.resource.gpu.amount = 1.");
        }
        lock(address);
        bind.accept(index(address));
        claimed = address;
    }

    private void lock(String address) {
        try {
            Path file = Files.createDirectories(locks).resolve("gpu-" + address + ".lock");
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new RpoException(
                        RpoException.Kind.RETRYABLE,
                        "Cannot compute on GPU " + address + ": another executor of this machine does. Let the cluster"
                                + " hand out GPUs (deploy/README.md), or start fewer executors on a machine.");
            }
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot lock GPU " + address + " in " + locks + ": " + e
                            + ". Check that the folder may be written to.",
                    e);
        }
    }

    private static int index(String address) {
        try {
            return Integer.parseInt(address);
        } catch (NumberFormatException e) {
            throw RpoException.configuration("Cannot compute on GPU " + address
                    + ": its address is no number. Let the discovery script print the devices' numbers, as"
                    + " deploy/bin/discover-gpus does.");
        }
    }
}
