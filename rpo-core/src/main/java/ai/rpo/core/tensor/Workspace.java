package ai.rpo.core.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * A stack of scratch memory: a pass allocates going forward and releases going back, and once the largest pass has
 * been seen nothing is allocated any more.
 *
 * <p>Not safe for concurrent use.
 */
public final class Workspace implements AutoCloseable {

    private static final long ALIGNMENT = 16; // elements: one 64-byte cache line of float32
    private static final long SMALLEST_SLAB = 1L << 16;
    private static final long GROWTH =
            4; // a new slab is this part of all before it: little is lost while there are several

    private final Backend backend;
    private final List<Storage> slabs = new ArrayList<>();
    private int slab;
    private long offset;
    private long peak; // elements in use at once, at most
    private Storage brief;

    public Workspace(Backend backend) {
        this.backend = backend;
    }

    /** A place in the stack, see {@link #mark()}. */
    public record Mark(int slab, long offset) {}

    /** An uninitialised tensor, valid until a release to an earlier mark. */
    public Tensor tensor(int rows, int columns) {
        long size = align((long) rows * columns);
        while (slab < slabs.size() && offset + size > slabs.get(slab).size()) {
            slab++;
            offset = 0;
        }
        if (slab == slabs.size()) {
            slabs.add(backend.allocateScratch(Math.max(size, Math.max(SMALLEST_SLAB, allocated() / GROWTH))));
        }
        Tensor tensor = slabs.get(slab).tensor(offset, rows, columns);
        offset += size;
        peak = Math.max(peak, used());
        return tensor;
    }

    /** Gives a tensor like {@link #tensor}, zero-filled. */
    public Tensor zeros(int rows, int columns) {
        Tensor tensor = tensor(rows, columns);
        backend.zero(tensor);
        return tensor;
    }

    /**
     * An uninitialised tensor beside the stack, valid until the next call: for what one operation writes and another
     * uses up. What is computed again on the way back goes here in both directions, and takes no room in between.
     */
    public Tensor brief(int rows, int columns) {
        long size = (long) rows * columns;
        if (brief == null || brief.size() < size) {
            if (brief != null) {
                brief.free();
            }
            brief = backend.allocateScratch(size);
        }
        return brief.tensor(0, rows, columns);
    }

    public Mark mark() {
        return new Mark(slab, offset);
    }

    /** Gives back everything allocated since {@code mark}. */
    public void release(Mark mark) {
        slab = mark.slab;
        offset = mark.offset;
    }

    /** Gives back everything, and joins the slabs into one, as large as was needed, if there were several. */
    public void reset() {
        slab = 0;
        offset = 0;
        if (slabs.size() > 1) {
            slabs.forEach(Storage::free);
            slabs.clear();
            slabs.add(backend.allocateScratch(peak));
        }
    }

    /**
     * Gives the memory itself back, now rather than when the garbage collector finds it; no tensor of it may be used
     * any more.
     */
    @Override
    public void close() {
        slab = 0;
        offset = 0;
        slabs.forEach(Storage::free);
        slabs.clear();
        if (brief != null) {
            brief.free();
            brief = null;
        }
    }

    private long allocated() {
        return slabs.stream().mapToLong(Storage::size).sum();
    }

    private long used() {
        long full = 0;
        for (int i = 0; i < slab; i++) {
            full += slabs.get(i).size();
        }
        return full + offset;
    }

    private static long align(long size) {
        return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
