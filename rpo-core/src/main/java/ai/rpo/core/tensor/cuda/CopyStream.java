package ai.rpo.core.tensor.cuda;

import com.sun.jna.Pointer;

/** A stream beside the device's default one: what is copied on it waits for nothing that it is not told to wait for. */
final class CopyStream implements AutoCloseable {

    private static final long DEFAULT = 0;

    private final Device device;
    private final Driver driver;
    private final long stream;
    private final long workSoFar;

    CopyStream(Device device) {
        this.device = device;
        driver = device.driver();
        device.makeCurrent();
        long[] result = new long[1];
        device.check(driver.cuStreamCreate(result, Driver.STREAM_NON_BLOCKING), "make a stream on");
        stream = result[0];
        workSoFar = event();
    }

    /** An event for {@link #record}, which counts as done before. */
    long event() {
        long[] event = new long[1];
        device.check(driver.cuEventCreate(event, Driver.EVENT_DISABLE_TIMING), "make an event on");
        return event[0];
    }

    /** Memory of the host's that the device copies to and from by itself. */
    Pointer pin(long bytes) {
        Pointer[] pinned = new Pointer[1];
        device.check(driver.cuMemHostAlloc(pinned, bytes, 0), "pin memory for");
        return pinned[0];
    }

    /** Lets what is copied from now on wait for all that was asked of the default stream. */
    void afterWorkSoFar() {
        device.makeCurrent();
        device.check(driver.cuEventRecord(workSoFar, DEFAULT), "wait for work on");
        device.check(driver.cuStreamWaitEvent(stream, workSoFar, 0), "wait for work on");
    }

    /** Lets what is asked of the default stream from now on wait for an event of this one. */
    void beforeFurtherWork(long event) {
        device.check(driver.cuStreamWaitEvent(DEFAULT, event, 0), "wait for copies on");
    }

    void toHost(Pointer to, long from, long bytes) {
        device.check(driver.cuMemcpyDtoHAsync_v2(to, from, bytes, stream), "copy from");
    }

    void toDevice(long to, Pointer from, long bytes) {
        device.check(driver.cuMemcpyHtoDAsync_v2(to, from, bytes, stream), "copy to");
    }

    /** Lets an event be done once all copies so far are. */
    void record(long event) {
        device.check(driver.cuEventRecord(event, stream), "wait for copies on");
    }

    /** Waits for an event. */
    void await(long event) {
        device.makeCurrent();
        device.check(driver.cuEventSynchronize(event), "wait for copies on");
    }

    void free(Pointer pinned, long event) {
        device.checkUnlessLost(driver.cuMemFreeHost(pinned));
        device.checkUnlessLost(driver.cuEventDestroy_v2(event));
    }

    /** Waits for what is being copied. */
    @Override
    public void close() {
        device.makeCurrent();
        device.checkUnlessLost(driver.cuStreamSynchronize(stream));
        device.checkUnlessLost(driver.cuStreamDestroy_v2(stream));
        device.checkUnlessLost(driver.cuEventDestroy_v2(workSoFar));
    }
}
