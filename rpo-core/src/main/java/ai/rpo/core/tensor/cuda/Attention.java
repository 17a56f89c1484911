package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.CachedSegment;
import ai.rpo.core.tensor.Segment;
import java.util.List;
import java.util.Optional;

/**
 * Launches the attention kernels: those on tensor cores where products may round their operands and heads are of a size that
 * they serve, else, and over caches, the ones that compute in float32.
 */
final class Attention {

    private static final int WARP = 32;
    private static final int THREADS = WARP * AttentionWork.ROWS;

    private final Device device;
    private final Kernels kernels;
    private final boolean bfloat16;

    Attention(Device device, Kernels kernels, boolean bfloat16) {
        this.device = device;
        this.kernels = kernels;
        this.bfloat16 = bfloat16;
    }

    private Optional<FlashAttention> onTensorCores(AttentionShape shape) {
        return FlashTiles.of(shape.headDim())
                .filter(tiles -> bfloat16)
                .map(tiles -> new FlashAttention(device, kernels, tiles));
    }

    void forward(
            DeviceTensor fused,
            AttentionShape shape,
            List<Segment> segments,
            DeviceTensor out,
            DeviceTensor logSumExp) {
        Optional<FlashAttention> flash = onTensorCores(shape);
        if (flash.isPresent()) {
            flash.get().forward(fused, shape, segments, out, logSumExp);
            return;
        }
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
        Optional<FlashAttention> flash = onTensorCores(shape);
        if (flash.isPresent()) {
            flash.get().backward(fused, shape, segments, out, logSumExp, dOut, dFused);
            return;
        }
        long[] queries = AttentionWork.queries(segments, fused, shape);
        if (queries.length == 0) {
            return;
        }
        AttentionWork.Keys keys = AttentionWork.Keys.of(segments, AttentionWork.ROWS);
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
    static int[] structure(AttentionShape shape, int keyStride) {
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
