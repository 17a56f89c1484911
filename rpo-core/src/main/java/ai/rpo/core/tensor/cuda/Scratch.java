package ai.rpo.core.tensor.cuda;

/** Device memory for the work between its making and its closing; the device itself frees it once that work is done. */
record Scratch(Device device, long address) implements AutoCloseable {

    @Override
    public void close() {
        device.release(this);
    }
}
