package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.CachedSegment;
import ai.rpo.core.tensor.Segment;
import java.util.List;

/** Launches the attention kernels. */
final class Attention {

    private static final int WARP = 32;
    private static final int THREADS = WARP * AttentionWork.ROWS;

    private final Device device;
    private final Kernels kernels;

    Attention(Device device, Kernels kernels) {
        this.device = device;
        this.kernels = kernels;
    }

    void forward(
            DeviceTensor fused,
            AttentionShape shape,
            List<Segment> segments,
            DeviceTensor out,
            DeviceTensor logSumExp) {
        long[] queries = AttentionWork.queries(segments, fused, shape);
        int[] structure = structure(shape, shape.fusedColumns());
        forward(fused, queries, shape, structure, out, logSumExp);
    }

    void cached(
            DeviceTensor fused,
            AttentionShape shape,
            List<CachedSegment> segments,
            DeviceTensor out,
            DeviceTensor logSumExp) {
        int columns = 2 * shape.keyColumns();
        for (CachedSegment segment : segments) {
            long n = (long) segment.length() * columns;
            if (n > 0) {
                kernels.launch(
                        "attention.fillCache",
                        Grid.over(n),
                        fused,
                        segment.start(),
                        shape.fusedColumns(),
                        shape.queryColumns(),
                        segment.cache(),
                        segment.cached(),
                        columns,
                        n);
            }
        }
        forward(fused, AttentionWork.cachedQueries(segments), shape, structure(shape, columns), out, logSumExp);
    }

    private void forward(
            DeviceTensor fused,
            long[] queries,
            AttentionShape shape,
            int[] structure,
            DeviceTensor out,
            DeviceTensor logSumExp) {
        if (queries.length == 0) {
            return;
        }
        Grid grid = grid(AttentionWork.blocks(queries), shape.heads(), 2 * shape.headDim() + WARP);
        try (Scratch works = device.upload(queries)) {
            kernels.launch("attention.attention", grid, fused, works, out, logSumExp, structure);
        }
    }

    /** Overwrites the columns of {@code dFused} whose rows are seen or see; the others are left as they are. */
    void backward(
            DeviceTensor fused,
            AttentionShape shape,
            List<Segment> segments,
            DeviceTensor out,
            DeviceTensor logSumExp,
            DeviceTensor dOut,
            DeviceTensor dFused) {
        long[] queries = AttentionWork.queries(segments, fused, shape);
        if (queries.length == 0) {
            return;
        }
        AttentionWork.Keys keys = AttentionWork.Keys.of(segments);
        int[] structure = structure(shape, shape.fusedColumns());
        Grid queryGrid = grid(AttentionWork.blocks(queries), shape.heads(), 3 * shape.headDim() + WARP);
        Grid keyGrid = grid(keys.count(), shape.keyValueHeads(), 4 * shape.headDim() + 2 * WARP);
        try (Scratch queryWorks = device.upload(queries);
                Scratch keyWorks = device.upload(keys.blocks());
                Scratch views = device.upload(keys.views());
                Scratch delta = device.scratch(Float.BYTES * logSumExp.size())) {
            kernels.launch(
                    "attention.attentionQueries",
                    queryGrid,
                    fused,
                    queryWorks,
                    out,
                    logSumExp,
                    dOut,
                    delta,
                    dFused,
                    structure);
            kernels.launch(
                    "attention.attentionKeys",
                    keyGrid,
                    fused,
                    keyWorks,
                    views,
                    logSumExp,
                    dOut,
                    delta,
                    dFused,
                    structure);
        }
    }

    /** @param perRow numbers in shared memory */
    private static Grid grid(int blocks, int heads, int perRow) {
        return new Grid(blocks, heads, THREADS, Float.BYTES * AttentionWork.ROWS * perRow);
    }

    /** The kernels' Shape. */
    private static int[] structure(AttentionShape shape, int keyStride) {
        return new int[] {
            shape.heads(),
            shape.group(),
            shape.headDim(),
            shape.fusedColumns(),
            keyStride,
            shape.keyColumns(),
            Float.floatToRawIntBits((float) shape.scale()),
            Float.floatToRawIntBits((float) shape.scoreCap()),
            shape.window()
        };
    }
}
