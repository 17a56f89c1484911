package ai.rpo.core.tensor.cpu;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Segment;
import java.util.Arrays;

/**
 * Some query rows of one segment, of all the heads that share a key-value head, below each other: {@code n = group·rows}
 * rows, which look at {@code columns} keys: those that any of them sees, what the window leaves of the prefix and then of
 * the segment up to them. One product does for all of these heads.
 */
final class AttentionBlock {

    private static final int WEIGHTS = 0; // slots of the lane's memory
    private static final int SCORE_GRADIENTS = 1;
    private static final int QUERIES = 6;
    private static final int RESULTS = 7;

    private final Lane lane;
    private final RowMath math;
    private final AttentionShape shape;
    private final PackedKeys packed;
    private final Segment segment;
    private final int first;
    private final int rows;
    private final int firstHead;
    private final int n;
    private final int width;
    private final int firstKey;
    private final int apart;
    private final int apartRow;
    private final int rest;
    private final int restRow;
    private final int columns;
    private final float scale;

    /**
     * @param first of the query rows, from the segment's first
     * @param keyValueHead whose keys and values are packed
     */
    AttentionBlock(
            Lane lane,
            RowMath math,
            AttentionShape shape,
            PackedKeys packed,
            Segment segment,
            int first,
            int rows,
            int keyValueHead) {
        this.lane = lane;
        this.math = math;
        this.shape = shape;
        this.packed = packed;
        this.segment = segment;
        this.first = first;
        this.rows = rows;
        firstHead = keyValueHead * shape.group();
        n = shape.group() * rows;
        width = shape.headDim();
        scale = (float) shape.scale();
        firstKey = shape.firstSeen(segment.prefixLength() + first);
        int prefixFrom = Math.min(firstKey, segment.prefixLength());
        int prefix = segment.prefixLength() - prefixFrom;
        int ownFrom = firstKey - prefixFrom;
        int own = first + rows - ownFrom;
        boolean together = segment.prefixStart() + segment.prefixLength() == segment.start();
        apart = together ? 0 : prefix;
        apartRow = segment.prefixStart() + prefixFrom;
        restRow = together && prefix > 0 ? apartRow : segment.start() + ownFrom;
        columns = (prefix + own + PackedKeys.PADDING - 1) / PackedKeys.PADDING * PackedKeys.PADDING;
        rest = columns - apart;
    }

    /**
     * @param fused {@code [tokens, fusedColumns]}
     * @param out {@code [tokens, queryColumns]}
     * @param logSumExp {@code [tokens, heads]}
     */
    void forward(long fused, long out, long logSumExp) {
        long weights = lane.aligned(WEIGHTS, (long) n * columns);
        long results = lane.aligned(RESULTS, (long) n * width);
        timesKeys(gathered(QUERIES, fused, shape.fusedColumns()), scale, weights);
        float[] inverse = lane.array(1, n);
        softmax(weights, logSumExp, inverse);
        timesValues(weights, results);
        float[] row = lane.array(0, width);
        for (int i = 0; i < n; i++) {
            OffHeap.read(OffHeap.row(results, i, width), row, 0, width);
            for (int j = 0; j < width; j++) {
                row[j] *= inverse[i];
            }
            OffHeap.write(row, 0, query(out, shape.queryColumns(), i), width);
        }
    }

    /** Turns scores into softmax weights times their sum, of which {@code inverse} receives the inverse for each row. */
    private void softmax(long weights, long logSumExp, float[] inverse) {
        float[] p = lane.array(0, columns);
        for (int i = 0; i < n; i++) {
            int whole = readScores(weights, i, p);
            float max = math.max(p, whole);
            float sum = math.exponentials(p, whole, max);
            inverse[i] = 1 / sum;
            writeSeen(p, i, weights);
            OffHeap.put(perHead(logSumExp, i), (float) (max + Math.log(sum)));
        }
    }

    /**
     * Adds to the packed gradients of keys and values, and sets the query columns of {@code dFused}.
     *
     * @param fused {@code [tokens, fusedColumns]}, as {@code dFused}
     * @param out {@code [tokens, queryColumns]}, as {@code dOut}
     * @param logSumExp {@code [tokens, heads]}
     */
    void backward(long fused, long out, long logSumExp, long dOut, long dFused) {
        long weights = lane.aligned(WEIGHTS, (long) n * columns);
        long dScores = lane.aligned(SCORE_GRADIENTS, (long) n * columns);
        long queries = gathered(QUERIES, fused, shape.fusedColumns());
        long dRows = gathered(RESULTS, dOut, shape.queryColumns());
        timesKeys(queries, scale, weights);
        times(true, dRows, 1, packed.value(apartRow), packed.value(restRow), dScores);
        softmaxGradient(weights, dScores, out, dRows, logSumExp);
        addToKeys(dScores, queries, scale, packed.dKey(apartRow), packed.dKey(restRow));
        addToKeys(weights, dRows, 1, packed.dValue(apartRow), packed.dValue(restRow));
        long dQueries = queries; // which are needed no more
        times(false, dScores, scale, packed.key(apartRow), packed.key(restRow), dQueries);
        for (int i = 0; i < n; i++) {
            OffHeap.copy(OffHeap.row(dQueries, i, width), query(dFused, shape.fusedColumns(), i), width);
        }
    }

    /** Turns scores into softmax weights, and the weights' gradient into that of the scores. */
    private void softmaxGradient(long weights, long dScores, long out, long dRows, long logSumExp) {
        float[] p = lane.array(0, columns);
        float[] dp = lane.array(1, columns);
        float[] slope = lane.array(2, columns);
        float[] o = lane.array(3, width);
        float[] d = lane.array(4, width);
        for (int i = 0; i < n; i++) {
            int seen = seen(i);
            OffHeap.read(query(out, shape.queryColumns(), i), o, 0, width);
            OffHeap.read(OffHeap.row(dRows, i, width), d, 0, width);
            float mean = math.dot(o, d, width);
            int whole = readScores(weights, i, p);
            capSlope(p, seen, slope);
            math.exponentials(p, whole, OffHeap.get(perHead(logSumExp, i)));
            OffHeap.read(OffHeap.row(dScores, i, columns) + (long) Float.BYTES * firstSeen(i), dp, 0, seen);
            for (int j = 0; j < seen; j++) {
                dp[j] = p[j] * (dp[j] - mean);
            }
            if (shape.scoreCap() > 0) {
                for (int j = 0; j < seen; j++) {
                    dp[j] *= slope[j];
                }
            }
            writeSeen(p, i, weights);
            writeSeen(dp, i, dScores);
        }
    }

    /**
     * Reads the scores that a row sees, capped, and then −∞ up to a whole number of vectors: an exponential alone takes as
     * long as a vector of them.
     *
     * @return how many numbers that are
     */
    private int readScores(long scores, int row, float[] into) {
        int seen = seen(row);
        OffHeap.read(OffHeap.row(scores, row, columns) + (long) Float.BYTES * firstSeen(row), into, 0, seen);
        if (shape.scoreCap() > 0) {
            ElementwiseKernel.softCap(math, into, seen, (float) shape.scoreCap());
        }
        int whole = (seen + PackedKeys.PADDING - 1) / PackedKeys.PADDING * PackedKeys.PADDING;
        Arrays.fill(into, seen, whole, Float.NEGATIVE_INFINITY);
        return whole;
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

    /** Writes the part of a row that is seen, with zeros around that. */
    private void writeSeen(float[] x, int row, long into) {
        int from = firstSeen(row);
        int to = from + seen(row);
        long start = OffHeap.row(into, row, columns);
        OffHeap.zero(start, from);
        OffHeap.write(x, 0, start + (long) Float.BYTES * from, to - from);
        OffHeap.zero(start + (long) Float.BYTES * to, columns - to);
    }

    /** Sets {@code into [n, columns] = factor·x·Kᵀ}. */
    private void timesKeys(long x, float factor, long into) {
        times(true, x, factor, packed.key(apartRow), packed.key(restRow), into);
    }

    /** Sets {@code into [n, width] = weights·V}. */
    private void timesValues(long weights, long into) {
        times(false, weights, 1, packed.value(apartRow), packed.value(restRow), into);
    }

    /**
     * Multiplies with keys or values, of which those apart lie elsewhere than the rest: {@code into [n, columns] =
     * factor·x·Kᵀ}, or, not transposed, {@code into [n, width] = factor·x·K}.
     */
    private void times(boolean transposed, long x, float factor, long keysApart, long keys, long into) {
        long right = (long) Float.BYTES * apart;
        Gemm gemm = lane.gemm();
        if (transposed) {
            if (apart > 0) {
                gemm.multiply(false, true, n, apart, width, factor, x, width, keysApart, width, 0, into, columns);
            }
            gemm.multiply(false, true, n, rest, width, factor, x, width, keys, width, 0, into + right, columns);
        } else {
            if (apart > 0) {
                gemm.multiply(false, false, n, width, apart, factor, x, columns, keysApart, width, 0, into, width);
            }
            float keep = apart > 0 ? 1 : 0;
            gemm.multiply(false, false, n, width, rest, factor, x + right, columns, keys, width, keep, into, width);
        }
    }

    /** Adds {@code factor·weightsᵀ·x} to the gradients of keys or values; {@code x} is {@code [n, width]}. */
    private void addToKeys(long weights, long x, float factor, long dKeysApart, long dKeys) {
        Gemm gemm = lane.gemm();
        if (apart > 0) {
            gemm.multiply(true, false, apart, width, n, factor, weights, columns, x, width, 1, dKeysApart, width);
        }
        long right = weights + (long) Float.BYTES * apart;
        gemm.multiply(true, false, rest, width, n, factor, right, columns, x, width, 1, dKeys, width);
    }

    /** Copies the block's rows of a tensor, {@code [n, width]}. */
    private long gathered(int slot, long tensor, int stride) {
        long to = lane.aligned(slot, (long) n * width);
        for (int i = 0; i < n; i++) {
            OffHeap.copy(query(tensor, stride, i), OffHeap.row(to, i, width), width);
        }
        return to;
    }

    /** First column that a row sees. */
    private int firstSeen(int row) {
        return shape.firstSeen(segment.prefixLength() + first + row % rows) - firstKey;
    }

    /** Tells how many columns it sees. */
    private int seen(int row) {
        return segment.prefixLength() + first + row % rows + 1 - firstKey - firstSeen(row);
    }

    /** A row's columns in a tensor. */
    private long query(long tensor, int stride, int row) {
        long head = firstHead + row / rows;
        return OffHeap.row(tensor, segment.start() + first + row % rows, stride) + Float.BYTES * head * width;
    }

    private long perHead(long tensor, int row) {
        long head = firstHead + row / rows;
        return OffHeap.row(tensor, segment.start() + first + row % rows, shape.heads()) + Float.BYTES * head;
    }
}
