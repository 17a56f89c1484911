package ai.rpo.core.tensor;

import java.util.ArrayDeque;
import java.util.Queue;

/** Copies of a backend that has no memory but the host's: what is asked for is done when it is fetched. */
final class TransfersAtOnce implements Transfers {

    private final Queue<Read> reads = new ArrayDeque<>();

    private record Read(Storage from, long offset, int length) {}

    @Override
    public void startRead(Storage from, long offset, int length) {
        reads.add(new Read(from, offset, length));
    }

    @Override
    public void finishRead(float[] target) {
        Read read = reads.remove();
        read.from.read(read.offset, target, 0, read.length);
    }

    @Override
    public void write(Storage to, long offset, float[] source, int length) {
        to.write(offset, source, 0, length);
    }

    @Override
    public void close() {
        reads.clear();
    }
}
