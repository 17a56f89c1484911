package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Segment;
import java.util.List;

/** Launches the attention kernels that compute on tensor cores, for heads of one size. */
final class FlashAttention {

    private static final int WARPS = 4;
    private static final int THREADS = 32 * WARPS;

    private final Device device;
    private final Kernels kernels;
    private final FlashTiles tiles;

    FlashAttention(Device device, Kernels kernels, FlashTiles tiles) {
        this.device = device;
        this.kernels = kernels;
        this.tiles = tiles;
    }

    void forward(
            DeviceTensor fused,
            AttentionShape shape,
            List<Segment> segments,
            DeviceTensor out,
            DeviceTensor logSumExp) {
        int[] queries = FlashWork.queries(segments, tiles.forwardQueries());
        if (queries.length == 0) {
            return;
        }
        Grid grid = grid(FlashWork.tiles(queries), shape.heads(), tiles.forwardBytes());
        try (Scratch rounded = kernels.rounded(fused);
                Scratch works = device.upload(queries)) {
            launch("flash", grid, rounded, works, out, logSumExp, structure(shape));
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
        int[] queries = FlashWork.queries(segments, tiles.queries());
        if (queries.length == 0) {
            return;
        }
        AttentionWork.Keys keys = AttentionWork.Keys.of(segments, tiles.keys());
        int[] structure = structure(shape);
        long softmaxes = logSumExp.size();
        Grid deltaGrid = new Grid(Math.toIntExact((softmaxes + WARPS - 1) / WARPS), 1, THREADS, 0);
        Grid queryGrid = grid(FlashWork.tiles(queries), shape.heads(), tiles.queriesBytes());
        Grid keyGrid = grid(keys.count(), shape.keyValueHeads(), tiles.keysBytes());
        try (Scratch rounded = kernels.rounded(fused);
                Scratch dRounded = device.scratch(Short.BYTES * dOut.size());
                Scratch delta = device.scratch(Float.BYTES * softmaxes);
                Scratch queryWorks = device.upload(queries);
                Scratch keyWorks = device.upload(keys.blocks());
                Scratch views = device.upload(keys.views())) {
            launch("flashDelta", deltaGrid, out, dOut, dRounded, delta, softmaxes);
            launch("flashQueries", queryGrid, rounded, queryWorks, logSumExp, dRounded, delta, dFused, structure);
            launch("flashKeys", keyGrid, rounded, keyWorks, views, logSumExp, dRounded, delta, dFused, structure);
        }
    }

    private void launch(String kernel, Grid grid, Object... arguments) {
        kernels.launch(tiles.file() + "." + kernel, grid, arguments);
    }

    private static Grid grid(int works, int heads, int bytes) {
        return new Grid(Math.multiplyExact(works, heads), 1, THREADS, bytes);
    }

    private static int[] structure(AttentionShape shape) {
        return Attention.structure(shape, shape.fusedColumns());
    }
}
