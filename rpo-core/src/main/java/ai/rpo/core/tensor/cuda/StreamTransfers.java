package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Transfers;
import com.sun.jna.Pointer;
import java.util.stream.Stream;

/**
 * Copies on a stream of its own, through pinned memory, while the default stream and the host's cores go on: two pieces to the
 * host and two to the device may be under way.
 */
final class StreamTransfers implements Transfers {

    private static final int DEPTH = 2;

    private final CopyStream copies;
    private final Kernels kernels;
    private final int piece;
    private final Slot[] down = new Slot[DEPTH];
    private final Slot[] up = new Slot[DEPTH];
    private final DeviceStorage[] wide = new DeviceStorage[DEPTH]; // of what is rounded on the device
    private final int[] lengths = new int[DEPTH]; // of what is under way to the host
    private long started;
    private long finished;
    private long written;

    /** Pinned memory for a piece, and the event that says when its copy is done. */
    private record Slot(Pointer pinned, long done) {}

    /** @param piece most elements that are copied at once */
    StreamTransfers(Device device, Kernels kernels, int piece) {
        copies = new CopyStream(device);
        this.kernels = kernels;
        this.piece = piece;
        for (int i = 0; i < DEPTH; i++) {
            down[i] = slot();
            up[i] = slot();
            wide[i] = new DeviceStorage(device, kernels, piece, false);
        }
    }

    private Slot slot() {
        return new Slot(copies.pin((long) Float.BYTES * piece), copies.event());
    }

    @Override
    public void startRead(Storage from, long offset, int length) {
        requirePiece(length);
        if (started - finished == DEPTH) {
            throw new IllegalStateException("Two reads are under way.");
        }
        int place = (int) (started % DEPTH);
        copies.afterWorkSoFar();
        copies.toHost(down[place].pinned, ((DeviceStorage) from).at(offset), (long) Float.BYTES * length);
        copies.record(down[place].done);
        lengths[place] = length;
        started++;
    }

    @Override
    public void finishRead(float[] target) {
        if (finished == started) {
            throw new IllegalStateException("No read is under way.");
        }
        int place = (int) (finished % DEPTH);
        copies.await(down[place].done);
        down[place].pinned.read(0, target, 0, lengths[place]);
        finished++;
    }

    @Override
    public void write(Storage to, long offset, float[] source, int length) {
        requirePiece(length);
        DeviceStorage target = (DeviceStorage) to;
        int place = (int) (written++ % DEPTH);
        Slot slot = up[place];
        copies.await(slot.done); // of the copy before the last one, from the same memory
        slot.pinned.write(0, source, 0, length);
        copies.afterWorkSoFar();
        long address = target.rounded() ? wide[place].at(0) : target.at(offset);
        copies.toDevice(address, slot.pinned, (long) Float.BYTES * length);
        copies.record(slot.done);
        copies.beforeFurtherWork(slot.done);
        if (target.rounded()) {
            kernels.launch("elementwise.roundToBfloat16", Grid.over(length), address, target.at(offset), (long) length);
        }
    }

    private void requirePiece(int length) {
        if (length > piece) {
            throw new IllegalArgumentException("A piece has at most " + piece + " elements, not " + length + ".");
        }
    }

    @Override
    public void close() {
        copies.close();
        Stream.of(down, up).flatMap(Stream::of).forEach(slot -> copies.free(slot.pinned, slot.done));
        Stream.of(wide).forEach(DeviceStorage::free);
    }
}
