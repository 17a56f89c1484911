package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Segment;
import java.util.List;

/**
 * Softmax attention over packed segments: a block of query rows of one head at a time, so that scores never take more
 * than {@code [BLOCK, prefix + length]} a thread. The backward pass computes them again from the saved log-sum-exp
 * (arXiv 2205.14135).
 */
final class AttentionKernel {

    private static final int BLOCK = 64;

    private final WorkerPool pool;
    private final RowMath math;

    AttentionKernel(WorkerPool pool, RowMath math) {
        this.pool = pool;
        this.math = math;
    }

    void forward(long fused, AttentionShape shape, List<Segment> segments, long out, long logSumExp) {
        int blocks = segments.stream().mapToInt(AttentionKernel::blocks).sum();
        pool.run(blocks * shape.heads(), (task, lane) -> {
            int block = task / shape.heads();
            int head = task % shape.heads();
            for (Segment segment : segments) {
                if (block < blocks(segment)) {
                    new Block(fused, shape, segment, block * BLOCK, head, lane).forward(out, logSumExp);
                    return;
                }
                block -= blocks(segment);
            }
        });
    }

    /** Adds to the key and value columns of {@code dFused}; sets the query columns. */
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
            int keyValueHead = task % shape.keyValueHeads();
            for (Segment segment : groups.get(task / shape.keyValueHeads())) {
                for (int i = 0; i < shape.group(); i++) {
                    int head = keyValueHead * shape.group() + i;
                    for (int from = 0; from < segment.length(); from += BLOCK) {
                        new Block(fused, shape, segment, from, head, lane).backward(out, logSumExp, dOut, dFused);
                    }
                }
            }
        });
    }

    private static int blocks(Segment segment) {
        return (segment.length() + BLOCK - 1) / BLOCK;
    }

    /**
     * Some query rows of one head of one segment, and the keys that any of them sees: what the window leaves of the
     * prefix, then of the segment up to them.
     */
    private final class Block {

        private final long fused;
        private final AttentionShape shape;
        private final Segment segment;
        private final int head;
        private final Lane lane;
        private final int first;
        private final int rows;
        private final int firstKey;
        private final int prefixFrom;
        private final int ownFrom;
        private final int prefix;
        private final int own;
        private final int columns;
        private final int width;
        private final int stride;
        private final float scale;

        Block(long fused, AttentionShape shape, Segment segment, int first, int head, Lane lane) {
            this.fused = fused;
            this.shape = shape;
            this.segment = segment;
            this.first = first;
            this.head = head;
            this.lane = lane;
            rows = Math.min(BLOCK, segment.length() - first);
            firstKey = shape.firstSeen(segment.prefixLength() + first);
            prefixFrom = Math.min(firstKey, segment.prefixLength());
            ownFrom = firstKey - prefixFrom;
            prefix = segment.prefixLength() - prefixFrom;
            own = first + rows - ownFrom;
            columns = prefix + own;
            width = shape.headDim();
            stride = shape.fusedColumns();
            scale = (float) shape.scale();
        }

        void forward(long out, long logSumExp) {
            long weights = lane.memory(0, (long) BLOCK * columns);
            timesKeys(query(fused, stride), stride, keyColumn(), scale, weights);
            float[] p = lane.array(0, columns);
            for (int i = 0; i < rows; i++) {
                int from = firstSeen(i);
                int seen = seen(i);
                readScores(weights, i, p);
                float max = math.max(p, seen);
                float sum = math.exponentials(p, seen, max);
                float inverse = 1 / sum;
                for (int j = 0; j < seen; j++) {
                    p[j] *= inverse;
                }
                writeSeen(p, from, seen, OffHeap.row(weights, i, columns));
                OffHeap.put(perHead(logSumExp, i), (float) (max + Math.log(sum)));
            }
            weighted(weights, 1, valueColumn(), query(out, shape.queryColumns()), shape.queryColumns());
        }

        void backward(long out, long logSumExp, long dOut, long dFused) {
            long weights = lane.memory(0, (long) BLOCK * columns);
            long dScores = lane.memory(1, (long) BLOCK * columns);
            int outStride = shape.queryColumns();
            long outRows = query(out, outStride);
            long dRows = query(dOut, outStride);
            timesKeys(query(fused, stride), stride, keyColumn(), scale, weights);
            timesKeys(dRows, outStride, valueColumn(), 1, dScores);
            softmaxGradient(weights, dScores, outRows, dRows, logSumExp);
            weighted(dScores, scale, keyColumn(), query(dFused, stride), stride);
            addToKeys(dScores, query(fused, stride), stride, scale, dFused, keyColumn());
            addToKeys(weights, dRows, outStride, 1, dFused, valueColumn());
        }

        /** Turns scores into softmax weights, and the weights' gradient into that of the scores. */
        private void softmaxGradient(long weights, long dScores, long outRows, long dRows, long logSumExp) {
            float[] p = lane.array(0, columns);
            float[] dp = lane.array(1, columns);
            float[] slope = lane.array(2, columns);
            float[] o = lane.array(3, width);
            float[] d = lane.array(4, width);
            for (int i = 0; i < rows; i++) {
                int from = firstSeen(i);
                int seen = seen(i);
                OffHeap.read(OffHeap.row(outRows, i, shape.queryColumns()), o, 0, width);
                OffHeap.read(OffHeap.row(dRows, i, shape.queryColumns()), d, 0, width);
                float mean = math.dot(o, d, width);
                readScores(weights, i, p);
                capSlope(p, seen, slope);
                math.exponentials(p, seen, OffHeap.get(perHead(logSumExp, i)));
                OffHeap.read(OffHeap.row(dScores, i, columns) + (long) Float.BYTES * from, dp, 0, seen);
                for (int j = 0; j < seen; j++) {
                    dp[j] = p[j] * (dp[j] - mean);
                }
                if (shape.scoreCap() > 0) {
                    for (int j = 0; j < seen; j++) {
                        dp[j] *= slope[j];
                    }
                }
                writeSeen(p, from, seen, OffHeap.row(weights, i, columns));
                writeSeen(dp, from, seen, OffHeap.row(dScores, i, columns));
            }
        }

        /** The scores that the {@code row}-th query sees, capped. */
        private void readScores(long scores, int row, float[] into) {
            int seen = seen(row);
            OffHeap.read(OffHeap.row(scores, row, columns) + (long) Float.BYTES * firstSeen(row), into, 0, seen);
            if (shape.scoreCap() > 0) {
                ElementwiseKernel.softCap(math, into, seen, (float) shape.scoreCap());
            }
        }

        /** Derivative of the cap where its result is {@code capped}. */
        private void capSlope(float[] capped, int length, float[] slope) {
            if (shape.scoreCap() > 0) {
                float inverse = (float) (1 / shape.scoreCap());
                for (int j = 0; j < length; j++) {
                    slope[j] = 1 - capped[j] * inverse * (capped[j] * inverse);
                }
            }
        }

        /** Writes a row of which only a part is seen, with zeros around that. */
        private void writeSeen(float[] x, int from, int seen, long row) {
            int rest = columns - from - seen;
            OffHeap.zero(row, from);
            OffHeap.write(x, 0, row + (long) Float.BYTES * from, seen);
            OffHeap.zero(row + (long) Float.BYTES * (columns - rest), rest);
        }

        /** {@code into[rows, columns] = factor·x·Kᵀ}, K being what stands at {@code keyColumn} of the rows seen. */
        private void timesKeys(long x, int xStride, int keyColumn, float factor, long into) {
            if (prefix > 0) {
                long keys = prefixKeys(fused, keyColumn);
                gemm(false, true, rows, prefix, width, factor, x, xStride, keys, stride, 0, into, columns);
            }
            long keys = ownKeys(fused, keyColumn);
            long right = into + (long) Float.BYTES * prefix;
            gemm(false, true, rows, own, width, factor, x, xStride, keys, stride, 0, right, columns);
        }

        /** {@code into[rows, width] = factor·weights·K}. */
        private void weighted(long weights, float factor, int keyColumn, long into, int intoStride) {
            if (prefix > 0) {
                long keys = prefixKeys(fused, keyColumn);
                gemm(false, false, rows, width, prefix, factor, weights, columns, keys, stride, 0, into, intoStride);
            }
            long keys = ownKeys(fused, keyColumn);
            long right = weights + (long) Float.BYTES * prefix;
            float keep = prefix > 0 ? 1 : 0;
            gemm(false, false, rows, width, own, factor, right, columns, keys, stride, keep, into, intoStride);
        }

        /** {@code dK += factor·weightsᵀ·x}. */
        private void addToKeys(long weights, long x, int xStride, float factor, long dFused, int keyColumn) {
            if (prefix > 0) {
                long dKeys = prefixKeys(dFused, keyColumn);
                gemm(true, false, prefix, width, rows, factor, weights, columns, x, xStride, 1, dKeys, stride);
            }
            long dKeys = ownKeys(dFused, keyColumn);
            long right = weights + (long) Float.BYTES * prefix;
            gemm(true, false, own, width, rows, factor, right, columns, x, xStride, 1, dKeys, stride);
        }

        private void gemm(
                boolean transposeA,
                boolean transposeB,
                int m,
                int n,
                int k,
                float alpha,
                long a,
                int strideA,
                long b,
                int strideB,
                float beta,
                long c,
                int strideC) {
            lane.gemm().multiply(transposeA, transposeB, m, n, k, alpha, a, strideA, b, strideB, beta, c, strideC);
        }

        /** First column that the {@code row}-th query sees. */
        private int firstSeen(int row) {
            return shape.firstSeen(segment.prefixLength() + first + row) - firstKey;
        }

        /** Tells how many columns it sees. */
        private int seen(int row) {
            return segment.prefixLength() + first + row + 1 - firstKey - firstSeen(row);
        }

        /** This head's columns of the block's first row. */
        private long query(long tensor, int tensorStride) {
            return OffHeap.row(tensor, segment.start() + first, tensorStride) + (long) Float.BYTES * head * width;
        }

        private long prefixKeys(long tensor, int column) {
            return OffHeap.row(tensor, segment.prefixStart() + prefixFrom, stride) + (long) Float.BYTES * column;
        }

        private long ownKeys(long tensor, int column) {
            return OffHeap.row(tensor, segment.start() + ownFrom, stride) + (long) Float.BYTES * column;
        }

        private int keyColumn() {
            return shape.queryColumns() + head / shape.group() * width;
        }

        private int valueColumn() {
            return keyColumn() + shape.keyColumns();
        }

        private long perHead(long tensor, int row) {
            return OffHeap.row(tensor, segment.start() + first + row, shape.heads()) + (long) Float.BYTES * head;
        }
    }
}
