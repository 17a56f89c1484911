package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Segment;
import java.util.ArrayList;
import java.util.List;

/**
 * Softmax attention over packed segments: a block of query rows at a time, so that scores never take more than {@code
 * [group·rows, prefix + length]} a thread. The backward pass computes them again from the saved log-sum-exp (arXiv
 * 2205.14135).
 */
final class AttentionKernel {

    private static final int ROWS = 64; // of all heads together in a block: enough for a product to be fast
    private static final int GRAIN = 16;
    private static final int TASKS_PER_THREAD = 2;

    private final WorkerPool pool;
    private final RowMath math;

    AttentionKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    /** Computes block after block; for the shapes see {@link AttentionBlock#forward}. */
    void forward(long fused, AttentionShape shape, List<Segment> segments, long out, long logSumExp) {
        List<List<Segment>> parts = forwardParts(segments, shape);
        pool.run(parts.size() * shape.keyValueHeads(), (task, lane) -> {
            List<Segment> part = parts.get(task / shape.keyValueHeads());
            int head = task % shape.keyValueHeads();
            PackedKeys packed = new PackedKeys(lane, shape, part, head);
            packed.read(fused);
            blocks(lane, shape, packed, part, head, block -> block.forward(fused, out, logSumExp));
        });
    }

    /** Segments that share rows share their packed keys too, unless there would be too few tasks for all threads. */
    private List<List<Segment>> forwardParts(List<Segment> segments, AttentionShape shape) {
        List<List<Segment>> groups = SegmentGroups.of(segments);
        if (groups.size() * shape.keyValueHeads() >= TASKS_PER_THREAD * pool.threads()) {
            return groups;
        }
        List<List<Segment>> alone = new ArrayList<>();
        groups.forEach(group -> group.forEach(segment -> alone.add(List.of(segment))));
        return alone;
    }

    /** Sets the query columns of {@code dFused} and, in rows that a segment touches, the key and value columns. */
    void backward(
            long fused,
            AttentionShape shape,
            List<Segment> segments,
            long out,
            long logSumExp,
            long dOut,
            long dFused) {
        List<List<Segment>> groups = SegmentGroups.of(segments);
        pool.run(groups.size() * shape.keyValueHeads(), (task, lane) -> {
            List<Segment> group = groups.get(task / shape.keyValueHeads());
            int head = task % shape.keyValueHeads();
            PackedKeys packed = new PackedKeys(lane, shape, group, head);
            packed.read(fused);
            packed.clearGradients();
            blocks(lane, shape, packed, group, head, block -> block.backward(fused, out, logSumExp, dOut, dFused));
            packed.writeGradients(dFused);
        });
    }

    private interface BlockWork {
        void on(AttentionBlock block);
    }

    private void blocks(
            Lane lane, AttentionShape shape, PackedKeys packed, List<Segment> segments, int head, BlockWork work) {
        int rows = (Math.max(1, ROWS / shape.group()) + GRAIN - 1) / GRAIN * GRAIN;
        for (Segment segment : segments) {
            for (int from = 0; from < segment.length(); from += rows) {
                int size = Math.min(rows, segment.length() - from);
                work.on(new AttentionBlock(lane, math, shape, packed, segment, from, size, head));
            }
        }
    }
}
