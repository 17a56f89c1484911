package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Segment;
import java.util.Arrays;
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

    /** Some query rows of one head of one segment, and the keys they see: the prefix, then the segment up to them. */
    private final class Block {

        private final long fused;
        private final AttentionShape shape;
        private final Segment segment;
        private final int head;
        private final Lane lane;
        private final int first;
        private final int rows;
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
            prefix = segment.prefixLength();
            own = first + rows;
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
                int visible = visible(i);
                OffHeap.read(at(weights, i, columns), p, 0, visible);
                float max = math.max(p, visible);
                float sum = math.exponentials(p, visible, max);
                float inverse = 1 / sum;
                for (int j = 0; j < visible; j++) {
                    p[j] *= inverse;
                }
                Arrays.fill(p, visible, columns, 0);
                OffHeap.write(p, 0, at(weights, i, columns), columns);
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
            float[] o = lane.array(2, width);
            float[] d = lane.array(3, width);
            for (int i = 0; i < rows; i++) {
                int visible = visible(i);
                OffHeap.read(at(outRows, i, shape.queryColumns()), o, 0, width);
                OffHeap.read(at(dRows, i, shape.queryColumns()), d, 0, width);
                float mean = math.dot(o, d, width);
                OffHeap.read(at(weights, i, columns), p, 0, visible);
                math.exponentials(p, visible, OffHeap.get(perHead(logSumExp, i)));
                OffHeap.read(at(dScores, i, columns), dp, 0, visible);
                for (int j = 0; j < visible; j++) {
                    dp[j] = p[j] * (dp[j] - mean);
                }
                Arrays.fill(p, visible, columns, 0);
                Arrays.fill(dp, visible, columns, 0);
                OffHeap.write(p, 0, at(weights, i, columns), columns);
                OffHeap.write(dp, 0, at(dScores, i, columns), columns);
            }
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

        /** How many columns the {@code row}-th query sees. */
        private int visible(int row) {
            return prefix + first + row + 1;
        }

        /** This head's columns of the block's first row. */
        private long query(long tensor, int tensorStride) {
            return at(tensor, segment.start() + first, tensorStride) + (long) Float.BYTES * head * width;
        }

        private long prefixKeys(long tensor, int column) {
            return at(tensor, segment.prefixStart(), stride) + (long) Float.BYTES * column;
        }

        private long ownKeys(long tensor, int column) {
            return at(tensor, segment.start(), stride) + (long) Float.BYTES * column;
        }

        private int keyColumn() {
            return shape.queryColumns() + head / shape.group() * width;
        }

        private int valueColumn() {
            return keyColumn() + shape.keyColumns();
        }

        private long perHead(long tensor, int row) {
            return at(tensor, segment.start() + first + row, shape.heads()) + (long) Float.BYTES * head;
        }

        private static long at(long tensor, int row, int stride) {
            return tensor + Float.BYTES * ((long) row * stride);
        }
    }
}
