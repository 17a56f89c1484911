package ai.rpo.core.tensor.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * One CUDA device, its memory and the order of work on it: everything goes through its default stream, so what one
 * thread asked for before another is done before it.
 */
final class Device {

    private static final long STREAM = 0;
    private static final int OLDEST_CAPABILITY = 80;
    private static final int STAGING_BYTES = 8 << 20;
    private static final double GIGABYTE = 1e9;

    private final Driver driver;
    private final String name;
    private final int capability;
    private final int multiprocessors;
    private final long context;
    private final ThreadLocal<Boolean> current = ThreadLocal.withInitial(() -> false);
    private final Pointer staging; // pinned; for transfers to and from Java's arrays, one at a time

    private Device(Driver driver, int handle) {
        this.driver = driver;
        name = name(driver, handle);
        capability = 10 * attribute(driver, Driver.ATTRIBUTE_CAPABILITY_MAJOR, handle)
                + attribute(driver, Driver.ATTRIBUTE_CAPABILITY_MINOR, handle);
        multiprocessors = attribute(driver, Driver.ATTRIBUTE_MULTIPROCESSORS, handle);
        long[] result = new long[1];
        requireRoom(driver.cuDevicePrimaryCtxRetain(result, handle));
        context = result[0];
        makeCurrent();
        check(driver.cuDeviceGetDefaultMemPool(result, handle), "find the memory pool of");
        check(
                driver.cuMemPoolSetAttribute(result[0], Driver.POOL_RELEASE_THRESHOLD, new long[] {Long.MAX_VALUE}),
                "keep the memory pool of");
        Pointer[] pinned = new Pointer[1];
        check(driver.cuMemHostAlloc(pinned, STAGING_BYTES, 0), "pin memory for");
        staging = pinned[0];
    }

    /**
     * The device of this number, where they are counted in the order of their PCI buses, as {@code nvidia-smi} does.
     *
     * @throws DeviceException if there are not so many, or it is too old
     */
    static Device open(Driver driver, int number) {
        int[] count = new int[1];
        driver.cuDeviceGetCount(count);
        if (number >= count[0]) {
            throw new DeviceException(
                    "there is no device " + number + " among the " + count[0] + " that the driver finds");
        }
        List<Integer> inOrder = IntStream.range(0, count[0])
                .map(ordinal -> handle(driver, ordinal))
                .boxed()
                .sorted(Comparator.comparing(handle -> busId(driver, handle)))
                .toList();
        int handle = inOrder.get(number);
        int major = attribute(driver, Driver.ATTRIBUTE_CAPABILITY_MAJOR, handle);
        int minor = attribute(driver, Driver.ATTRIBUTE_CAPABILITY_MINOR, handle);
        if (10 * major + minor < OLDEST_CAPABILITY) {
            throw new DeviceException(
                    name(driver, handle) + " is of compute capability " + major + "." + minor + ", and 8.0 is needed");
        }
        if (attribute(driver, Driver.ATTRIBUTE_MEMORY_POOLS, handle) == 0) {
            throw new DeviceException(name(driver, handle) + " has no memory pools");
        }
        try {
            return new Device(driver, handle);
        } catch (LostDeviceException e) {
            throw new DeviceException(e.getMessage()); // nothing was computed on it, so nothing is lost
        }
    }

    Driver driver() {
        return driver;
    }

    String name() {
        return name;
    }

    /** Ten times the major number, and the minor one. */
    int capability() {
        return capability;
    }

    int multiprocessors() {
        return multiprocessors;
    }

    /** Counts bytes, used or not. */
    long memory() {
        makeCurrent();
        long[] free = new long[1];
        long[] total = new long[1];
        check(driver.cuMemGetInfo_v2(free, total), "ask for the memory of");
        return total[0];
    }

    /** @throws DeviceException if there is not so much, naming both */
    long allocate(long bytes) {
        makeCurrent();
        long[] address = new long[1];
        int result = driver.cuMemAlloc_v2(address, bytes);
        requireMemory(result, bytes);
        return address[0];
    }

    /** Waits for what was asked of the device before. */
    void free(long address) {
        makeCurrent();
        checkUnlessLost(driver.cuMemFree_v2(address));
    }

    /** Memory for what is asked of the device until it is closed. */
    Scratch scratch(long bytes) {
        makeCurrent();
        long[] address = new long[1];
        int result = driver.cuMemAllocAsync(address, Math.max(1, bytes), STREAM);
        requireMemory(result, bytes);
        return new Scratch(this, address[0]);
    }

    void release(Scratch scratch) {
        makeCurrent();
        checkUnlessLost(driver.cuMemFreeAsync(scratch.address(), STREAM));
    }

    Scratch upload(int[] numbers) {
        return upload(numbers, 0, numbers.length);
    }

    Scratch upload(int[] numbers, int from, int to) {
        Memory memory = new Memory(Math.max(1, (long) Integer.BYTES * (to - from)));
        memory.write(0, numbers, from, to - from);
        return upload(memory, (long) Integer.BYTES * (to - from));
    }

    Scratch upload(long[] numbers) {
        Memory memory = new Memory(Math.max(1, (long) Long.BYTES * numbers.length));
        memory.write(0, numbers, 0, numbers.length);
        return upload(memory, (long) Long.BYTES * numbers.length);
    }

    Scratch upload(float[] numbers) {
        Memory memory = new Memory(Math.max(1, (long) Float.BYTES * numbers.length));
        memory.write(0, numbers, 0, numbers.length);
        return upload(memory, (long) Float.BYTES * numbers.length);
    }

    /** The driver has a copy of pageable memory when it returns. */
    private Scratch upload(Memory memory, long bytes) {
        Scratch scratch = scratch(bytes);
        if (bytes > 0) {
            check(driver.cuMemcpyHtoDAsync_v2(scratch.address(), memory, bytes, STREAM), "copy to");
        }
        return scratch;
    }

    void write(long address, float[] source, int from, int length) {
        makeCurrent();
        int chunk = STAGING_BYTES / Float.BYTES;
        synchronized (staging) {
            for (int done = 0; done < length; done += chunk) {
                int count = Math.min(chunk, length - done);
                staging.write(0, source, from + done, count);
                long to = address + (long) Float.BYTES * done;
                check(driver.cuMemcpyHtoDAsync_v2(to, staging, (long) Float.BYTES * count, STREAM), "copy to");
                check(driver.cuStreamSynchronize(STREAM), "copy to");
            }
        }
    }

    void write(long address, byte[] source) {
        makeCurrent();
        synchronized (staging) {
            for (int done = 0; done < source.length; done += STAGING_BYTES) {
                int count = Math.min(STAGING_BYTES, source.length - done);
                staging.write(0, source, done, count);
                check(driver.cuMemcpyHtoDAsync_v2(address + done, staging, count, STREAM), "copy to");
                check(driver.cuStreamSynchronize(STREAM), "copy to");
            }
        }
    }

    void read(long address, float[] target, int from, int length) {
        makeCurrent();
        int chunk = STAGING_BYTES / Float.BYTES;
        synchronized (staging) {
            for (int done = 0; done < length; done += chunk) {
                int count = Math.min(chunk, length - done);
                long part = address + (long) Float.BYTES * done;
                check(driver.cuMemcpyDtoHAsync_v2(staging, part, (long) Float.BYTES * count, STREAM), "copy from");
                check(driver.cuStreamSynchronize(STREAM), "work on");
                staging.read(0, target, from + done, count);
            }
        }
    }

    double[] readDoubles(long address, int length) {
        makeCurrent();
        Memory memory = new Memory(Math.max(1, (long) Double.BYTES * length));
        check(driver.cuMemcpyDtoHAsync_v2(memory, address, (long) Double.BYTES * length, STREAM), "copy from");
        check(driver.cuStreamSynchronize(STREAM), "work on");
        return memory.getDoubleArray(0, length);
    }

    void copy(long from, long to, long bytes) {
        makeCurrent();
        check(driver.cuMemcpyDtoDAsync_v2(to, from, bytes, STREAM), "copy on");
    }

    /** Zeroes so many numbers of four bytes. */
    void zero(long address, long count) {
        makeCurrent();
        check(driver.cuMemsetD32Async(address, 0, count, STREAM), "zero memory of");
    }

    long load(byte[] image, String file) {
        makeCurrent();
        long[] module = new long[1];
        check(driver.cuModuleLoadData(module, image), "load " + file + " onto");
        return module[0];
    }

    long function(long module, String kernel) {
        makeCurrent();
        long[] function = new long[1];
        check(driver.cuModuleGetFunction(function, module, kernel), "find " + kernel + " on");
        return function[0];
    }

    void launch(String kernel, long function, Grid grid, Pointer values) {
        makeCurrent();
        int result = driver.cuLaunchKernel(
                function, grid.x(), grid.y(), 1, grid.threads(), 1, 1, grid.sharedBytes(), STREAM, values, null);
        check(result, "run " + kernel + " on");
    }

    /**
     * Waits for all that was asked of the device.
     *
     * @throws LostDeviceException if it is lost, which another library that works on it may not say
     */
    void await() {
        makeCurrent();
        check(driver.cuStreamSynchronize(STREAM), "work on");
    }

    /** Must be called before another library works on the device in this thread. */
    void makeCurrent() {
        if (!current.get()) {
            check(driver.cuCtxSetCurrent(context), "use");
            current.set(true);
        }
    }

    static String errorName(Driver driver, int error) {
        String[] errorName = new String[1];
        driver.cuGetErrorName(error, errorName);
        return errorName[0] == null ? "error " + error : errorName[0];
    }

    private void requireMemory(int result, long bytes) {
        if (result == Driver.OUT_OF_MEMORY) {
            long[] free = new long[1];
            long[] total = new long[1];
            driver.cuMemGetInfo_v2(free, total);
            throw new DeviceException("Cannot allocate " + gigabytes(bytes) + " on " + name + ": " + gigabytes(free[0])
                    + " of " + gigabytes(total[0]) + " are free. Take smaller micro-batches (tokens-per-micro-batch),"
                    + " let no other process use the device, or use one with more memory.");
        }
        check(result, "allocate memory on");
    }

    /** A context takes some hundred megabytes, and a device may be set to serve one process only. */
    private void requireRoom(int result) {
        if (result == Driver.OUT_OF_MEMORY || result == Driver.DEVICE_UNAVAILABLE) {
            String why = result == Driver.OUT_OF_MEMORY ? "fill its memory" : "have it to themselves";
            throw new DeviceException(
                    "other processes on " + name + " " + why + " (" + errorName(driver, result) + ")");
        }
        check(result, "use");
    }

    /** Memory of a lost device went with it. */
    void checkUnlessLost(int result) {
        if (!LostDeviceException.isMeantBy(result)) {
            check(result, "free memory of");
        }
    }

    /**
     * @param what could not be done if that is the number of an error, with a preposition before the device's name
     * @throws DeviceException if it is
     */
    void check(int result, String what) {
        if (result == 0) {
            return;
        }
        String[] text = new String[1];
        driver.cuGetErrorString(result, text);
        String failure = "Cannot " + what + " " + name + ": " + text[0] + " (" + errorName(driver, result) + "). ";
        if (LostDeviceException.isMeantBy(result)) {
            throw new LostDeviceException(failure + "The device is lost to this process. Look for its errors with"
                    + " nvidia-smi -q and in the kernel's log.");
        }
        throw new DeviceException(failure + "Look for errors of the device with nvidia-smi and in the kernel's log.");
    }

    private static int handle(Driver driver, int ordinal) {
        int[] handle = new int[1];
        driver.cuDeviceGet(handle, ordinal);
        return handle[0];
    }

    private static int attribute(Driver driver, int attribute, int handle) {
        int[] value = new int[1];
        driver.cuDeviceGetAttribute(value, attribute, handle);
        return value[0];
    }

    private static String name(Driver driver, int handle) {
        byte[] text = new byte[256];
        driver.cuDeviceGetName(text, text.length, handle);
        return text(text);
    }

    private static String busId(Driver driver, int handle) {
        byte[] text = new byte[32];
        driver.cuDeviceGetPCIBusId(text, text.length, handle);
        return text(text);
    }

    /** Up to the zero that ends a string in C. */
    static String text(byte[] bytes) {
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.3f GB", bytes / GIGABYTE);
    }
}
