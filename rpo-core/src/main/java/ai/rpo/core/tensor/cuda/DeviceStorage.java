package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.lang.ref.Cleaner;
import java.util.Objects;

/** A run of float32 or bfloat16 in a device's memory, which is given back when nothing refers to it any more. */
final class DeviceStorage implements Storage {

    private static final Cleaner CLEANER = Cleaner.create();
    private static final int CHUNK = 1 << 20; // elements that are rounded at once

    private final Device device;
    private final Kernels kernels;
    private final long size;
    private final boolean rounded;
    private final long address;
    private final Cleaner.Cleanable memory;

    /** @param rounded keep bfloat16 instead of float32 */
    DeviceStorage(Device device, Kernels kernels, long size, boolean rounded) {
        this.device = device;
        this.kernels = kernels;
        this.size = size;
        this.rounded = rounded;
        long words = Math.max(1, rounded ? (size + 1) / 2 : size); // of four bytes
        long allocated = device.allocate(Float.BYTES * words);
        device.zero(allocated, words);
        address = allocated;
        memory = CLEANER.register(this, () -> device.free(allocated));
    }

    boolean rounded() {
        return rounded;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Tensor tensor(long offset, int rows, int columns) {
        Objects.checkFromIndexSize(offset, (long) rows * columns, size);
        return new DeviceTensor(this, offset, rows, columns);
    }

    @Override
    public void read(long offset, float[] target, int from, int length) {
        Objects.checkFromIndexSize(offset, length, size);
        Objects.checkFromIndexSize(from, length, target.length);
        if (!rounded) {
            device.read(at(offset), target, from, length);
            return;
        }
        for (int done = 0; done < length; done += CHUNK) {
            int count = Math.min(CHUNK, length - done);
            try (Scratch wide = device.scratch((long) Float.BYTES * count)) {
                kernels.launch("elementwise.widenBfloat16", Grid.over(count), at(offset + done), wide, (long) count);
                device.read(wide.address(), target, from + done, count);
            }
        }
    }

    /** Rounds to the nearest, ties to even, where the elements are bfloat16. */
    @Override
    public void write(long offset, float[] source, int from, int length) {
        Objects.checkFromIndexSize(offset, length, size);
        Objects.checkFromIndexSize(from, length, source.length);
        if (!rounded) {
            device.write(at(offset), source, from, length);
            return;
        }
        for (int done = 0; done < length; done += CHUNK) {
            int count = Math.min(CHUNK, length - done);
            try (Scratch wide = device.scratch((long) Float.BYTES * count)) {
                device.write(wide.address(), source, from + done, count);
                kernels.launch("elementwise.roundToBfloat16", Grid.over(count), wide, at(offset + done), (long) count);
            }
        }
    }

    @Override
    public void free() {
        memory.clean();
    }

    /** Address of an element. */
    long at(long offset) {
        return address + (rounded ? Short.BYTES : Float.BYTES) * offset;
    }
}
