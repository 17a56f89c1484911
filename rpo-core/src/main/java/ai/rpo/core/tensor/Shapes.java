package ai.rpo.core.tensor;

import java.util.List;
import java.util.Objects;

/**
 * Checks what shapes go together in each operation of {@link Backend}; a mismatch throws
 * {@link IllegalArgumentException}.
 */
public final class Shapes {

    private Shapes() {}

    public static void requireSame(Tensor expected, Tensor actual) {
        require(actual, expected.rows(), expected.columns());
    }

    public static void requireRows(Tensor table, int[] rows, Tensor moved) {
        require(moved, rows.length, table.columns());
        for (int row : rows) {
            if (row < 0 || row >= table.rows()) {
                throw new IllegalArgumentException("Row " + row + " is not in a table of " + table.rows() + " rows.");
            }
        }
    }

    public static void requireUnpacked(Packed packed, int firstRow, Tensor out) {
        require(out, out.rows(), packed.columns());
        Objects.checkFromIndexSize(firstRow, out.rows(), packed.rows());
    }

    public static void requireRowOfNorms(Tensor x, Tensor out) {
        require(out, 1, x.rows());
    }

    public static void requireNumbers(double[] numbers, Tensor out) {
        if (numbers.length != out.size()) {
            throw new IllegalArgumentException(numbers.length + " numbers for " + out.size() + ".");
        }
    }

    /** @return how many rows of {@code x} make one of {@code mixed} */
    public static int requireMixed(Tensor x, int[] rows, double[] shares, Tensor mixed) {
        int parts = mixed.rows() == 0 ? 0 : x.rows() / mixed.rows();
        require(x, parts * mixed.rows(), mixed.columns());
        boolean[] seen = new boolean[x.rows()];
        for (int row : rows) {
            if (row < 0 || row >= seen.length || seen[row]) {
                throw new IllegalArgumentException("Row " + row + " of " + seen.length + " is not there, or twice.");
            }
            seen[row] = true;
        }
        if (rows.length != x.rows() || shares.length != x.rows()) {
            throw new IllegalArgumentException(
                    rows.length + " rows and " + shares.length + " shares of " + x.rows() + " rows.");
        }
        return parts;
    }

    /** Shapes of {@code y = x·weightᵀ}, and so of both its gradients. */
    public static void requireLinear(Tensor x, Tensor weight, Tensor y) {
        require(weight, y.columns(), x.columns());
        require(y, x.rows(), weight.rows());
    }

    public static void requireNorm(Tensor x, Tensor weight, Tensor out, Tensor inverseRms) {
        require(weight, 1, x.columns());
        require(out, x.rows(), x.columns());
        require(inverseRms, x.rows(), 1);
    }

    public static void requireRow(Tensor row, Tensor rows) {
        require(row, 1, rows.columns());
    }

    public static void requireLayerNorm(Tensor x, Tensor weight, Tensor bias, Tensor out, Tensor meanAndInverse) {
        requireRow(weight, x);
        requireRow(bias, x);
        requireSame(x, out);
        require(meanAndInverse, x.rows(), 2);
    }

    public static void requireHeadNorm(
            Tensor fused, AttentionShape shape, Tensor queryWeight, Tensor keyWeight, Tensor inverseRms) {
        require(fused, fused.rows(), shape.fusedColumns());
        require(queryWeight, 1, shape.headDim());
        require(keyWeight, 1, shape.headDim());
        require(inverseRms, fused.rows(), shape.heads() + shape.keyValueHeads());
    }

    public static void requireRotary(Tensor fused, AttentionShape shape, int[] positions, Tensor cos, Tensor sin) {
        require(fused, positions.length, shape.fusedColumns());
        if (2 * cos.columns() > shape.headDim()) {
            throw new IllegalArgumentException("Angles of " + cos.columns()
                    + " pairs of columns do not fit into heads of " + shape.headDim() + " columns.");
        }
        require(sin, cos.rows(), cos.columns());
        for (int position : positions) {
            if (position < 0 || position >= cos.rows()) {
                throw new IllegalArgumentException(
                        "Position " + position + " is not in a table of " + cos.rows() + " positions.");
            }
        }
    }

    public static void requireColumns(Tensor x, int xFrom, Tensor into, int intoFrom, int columns) {
        require(x, into.rows(), x.columns());
        if (xFrom < 0 || intoFrom < 0 || xFrom + columns > x.columns() || intoFrom + columns > into.columns()) {
            throw new IllegalArgumentException(columns + " columns from " + xFrom + " of " + x.columns()
                    + " do not fit " + intoFrom + " of " + into.columns() + ".");
        }
    }

    public static void requireDropout(Tensor x, double rate, long[] keys, Tensor out) {
        requireSame(x, out);
        if (keys.length != x.rows() || !(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException(
                    keys.length + " keys for " + x.rows() + " rows, at a dropout of " + rate + ".");
        }
    }

    public static void requireAttention(Tensor fused, AttentionShape shape, Tensor out, Tensor logSumExp) {
        require(fused, fused.rows(), shape.fusedColumns());
        require(out, fused.rows(), shape.queryColumns());
        require(logSumExp, fused.rows(), shape.heads());
    }

    public static void requireCachedAttention(
            Tensor fused, AttentionShape shape, List<CachedSegment> segments, Tensor out, Tensor logSumExp) {
        requireAttention(fused, shape, out, logSumExp);
        for (CachedSegment segment : segments) {
            require(segment.cache(), segment.cache().rows(), 2 * shape.keyColumns());
            if (segment.total() > segment.cache().rows() || segment.start() + segment.length() > fused.rows()) {
                throw new IllegalArgumentException(segment + " does not fit into " + fused.rows() + " new rows and "
                        + segment.cache().rows() + " cached ones.");
            }
        }
    }

    public static void requireSinks(Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp) {
        require(sinks, 1, shape.heads());
        require(out, logSumExp.rows(), shape.queryColumns());
        require(logSumExp, out.rows(), shape.heads());
    }

    public static void requireGated(Tensor gateUp, Tensor out) {
        require(gateUp, out.rows(), 2 * out.columns());
    }

    public static void requireLogps(Tensor logits, Tensor logSumExp, int[] targets, int from, double[] perTarget) {
        require(logSumExp, logits.rows(), 1);
        int to = from + logits.rows();
        if (from < 0 || to > targets.length || to > perTarget.length) {
            throw new IllegalArgumentException("Targets " + from + " to " + to + " are not among " + targets.length
                    + " targets and " + perTarget.length + " values.");
        }
        for (int i = from; i < to; i++) {
            if (targets[i] < 0 || targets[i] >= logits.columns()) {
                throw new IllegalArgumentException(
                        "Target " + targets[i] + " is not in a vocabulary of " + logits.columns() + ".");
            }
        }
    }

    private static void require(Tensor tensor, int rows, int columns) {
        if (tensor.rows() != rows || tensor.columns() != columns) {
            throw new IllegalArgumentException("Shape [" + tensor.rows() + ", " + tensor.columns() + "] should be ["
                    + rows + ", " + columns + "].");
        }
    }
}
