package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.CachedSegment;
import java.util.List;

/**
 * Attention of new rows to cached keys and values. Where a segment has one new row, as in generation, the query heads
 * that share a key-value head are the rows of one product, so that each key and value is read once.
 */
final class CachedAttentionKernel {

    private static final int BLOCK = 64;

    private final WorkerPool pool;
    private final RowMath math;

    CachedAttentionKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    /** {@code caches} has the address of each segment's cache. */
    void forward(
            long fused, AttentionShape shape, List<CachedSegment> segments, long[] caches, long out, long logSumExp) {
        for (int s = 0; s < caches.length; s++) {
            append(fused, shape, segments.get(s), caches[s]);
        }
        int[] firstTask = new int[caches.length + 1];
        for (int s = 0; s < caches.length; s++) {
            firstTask[s + 1] = firstTask[s] + blocks(segments.get(s)) * shape.keyValueHeads();
        }
        pool.run(firstTask[caches.length], (task, lane) -> {
            int s = 0;
            while (task >= firstTask[s + 1]) {
                s++;
            }
            int block = (task - firstTask[s]) / shape.keyValueHeads();
            int head = (task - firstTask[s]) % shape.keyValueHeads();
            new Head(fused, shape, segments.get(s), caches[s], head, out, logSumExp, lane).block(block * BLOCK);
        });
    }

    private static void append(long fused, AttentionShape shape, CachedSegment segment, long cache) {
        int columns = 2 * shape.keyColumns(); // keys and values lie side by side in both
        for (int i = 0; i < segment.length(); i++) {
            long row = OffHeap.row(fused, segment.start() + i, shape.fusedColumns());
            OffHeap.copy(
                    row + (long) Float.BYTES * shape.queryColumns(),
                    OffHeap.row(cache, segment.cached() + i, columns),
                    columns);
        }
    }

    private static int blocks(CachedSegment segment) {
        return (segment.length() + BLOCK - 1) / BLOCK;
    }

    /** One key-value head of a segment, and the query heads that share it. */
    private final class Head {

        private final AttentionShape shape;
        private final CachedSegment segment;
        private final int width;
        private final int stride;
        private final long keys;
        private final long queries;
        private final long results;
        private final long logSumExp;
        private final Lane lane;

        Head(
                long fused,
                AttentionShape shape,
                CachedSegment segment,
                long cache,
                int keyValueHead,
                long out,
                long logSumExp,
                Lane lane) {
            this.shape = shape;
            this.segment = segment;
            this.lane = lane;
            width = shape.headDim();
            stride = 2 * shape.keyColumns();
            keys = cache + (long) Float.BYTES * keyValueHead * width;
            long column = (long) Float.BYTES * keyValueHead * shape.group() * width;
            queries = OffHeap.row(fused, segment.start(), shape.fusedColumns()) + column;
            results = OffHeap.row(out, segment.start(), shape.queryColumns()) + column;
            this.logSumExp = OffHeap.row(logSumExp, segment.start(), shape.heads())
                    + (long) Float.BYTES * keyValueHead * shape.group();
        }

        /** New rows {@code first} and following. */
        void block(int first) {
            if (segment.length() == 1) {
                attend(shape.group(), segment.cached(), 0, queries, width, results, width, logSumExp, 1);
                return;
            }
            int rows = Math.min(BLOCK, segment.length() - first);
            long x = OffHeap.row(queries, first, shape.fusedColumns());
            long y = OffHeap.row(results, first, shape.queryColumns());
            for (int i = 0; i < shape.group(); i++) {
                long head = (long) Float.BYTES * i * width;
                attend(
                        rows,
                        segment.cached() + first,
                        1,
                        x + head,
                        shape.fusedColumns(),
                        y + head,
                        shape.queryColumns(),
                        OffHeap.row(logSumExp, first, shape.heads()) + (long) Float.BYTES * i,
                        shape.heads());
            }
        }

        /**
         * @param position of the first query; each further one is {@code step} later
         * @param queryStride elements from a query to the next
         * @param lse of the first query, and {@code lseStride} elements on of the next
         */
        private void attend(
                int rows,
                int position,
                int step,
                long x,
                int queryStride,
                long y,
                int resultStride,
                long lse,
                int lseStride) {
            int from = shape.firstSeen(position);
            int columns = position + (rows - 1) * step + 1 - from;
            long weights = lane.memory(0, (long) rows * columns);
            long firstKey = OffHeap.row(keys, from, stride);
            long firstValue = firstKey + (long) Float.BYTES * shape.keyColumns();
            float scale = (float) shape.scale();
            lane.gemm()
                    .multiply(
                            false,
                            true,
                            rows,
                            columns,
                            width,
                            scale,
                            x,
                            queryStride,
                            firstKey,
                            stride,
                            0,
                            weights,
                            columns);
            float[] p = lane.array(0, columns);
            for (int i = 0; i < rows; i++) {
                int own = position + i * step;
                int hidden = shape.firstSeen(own) - from;
                double sum = softmax(p, hidden, own + 1 - from - hidden, columns, OffHeap.row(weights, i, columns));
                OffHeap.put(OffHeap.row(lse, i, lseStride), (float) sum);
            }
            lane.gemm()
                    .multiply(
                            false,
                            false,
                            rows,
                            width,
                            columns,
                            1,
                            weights,
                            columns,
                            firstValue,
                            stride,
                            0,
                            y,
                            resultStride);
        }

        /**
         * Turns the scores of a row into weights: those seen, after {@code hidden} ones; 0 for the others.
         *
         * @return the logarithm of the denominator
         */
        private double softmax(float[] p, int hidden, int seen, int columns, long row) {
            long firstSeen = row + (long) Float.BYTES * hidden;
            OffHeap.read(firstSeen, p, 0, seen);
            if (shape.scoreCap() > 0) {
                ElementwiseKernel.softCap(math, p, seen, (float) shape.scoreCap());
            }
            float largest = math.max(p, seen);
            float sum = math.exponentials(p, seen, largest);
            float inverse = 1 / sum;
            for (int j = 0; j < seen; j++) {
                p[j] *= inverse;
            }
            OffHeap.zero(row, hidden);
            OffHeap.write(p, 0, firstSeen, seen);
            OffHeap.zero(firstSeen + (long) Float.BYTES * seen, columns - hidden - seen);
            return largest + Math.log(sum);
        }
    }
}
