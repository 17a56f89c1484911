package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Segment;
import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.api.ops.impl.reduce.same.Max;
import org.nd4j.linalg.api.ops.impl.reduce.same.Sum;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Attention of all heads of one segment. Products are taken head by head on windows of the fused tensor, without
 * copying them together; the softmax is taken over all heads at once, {@code [heads·length, prefix + length]}.
 */
final class SegmentAttention {

    private final Nd4jTensor fused;
    private final AttentionShape shape;
    private final Segment segment;
    private final int length;
    private final int prefix;
    private final Scratch scratch;

    SegmentAttention(Nd4jTensor fused, AttentionShape shape, Segment segment, Scratch scratch) {
        this.fused = fused;
        this.shape = shape;
        this.segment = segment;
        this.scratch = scratch;
        length = segment.length();
        prefix = segment.prefixLength();
    }

    void forward(Nd4jTensor out, Nd4jTensor logSumExp) {
        int rows = shape.heads() * length;
        scratch.clear((long) rows * (prefix + length) + 2L * rows);
        Nd4jTensor weights = scores(null);
        INDArray all = weights.array();
        INDArray max = scratch.tensor(rows, 1).array();
        Nd4jTensor sum = scratch.tensor(rows, 1);
        Nd4j.exec(new Max(all, null, max, true, new int[] {1}));
        Transforms.exp(all.subiColumnVector(max), false);
        Nd4j.exec(new Sum(all, null, sum.array(), true, new int[] {1}));
        all.diviColumnVector(sum.array());
        for (int head = 0; head < shape.heads(); head++) {
            INDArray mixed = ofQuery(out, head);
            boolean more = false;
            for (Part part : parts()) {
                multiply(weights(weights, head, part), value(fused, head, part), mixed, false, false, 1, more);
                more = true;
            }
        }
        Transforms.log(sum.array(), false).addi(max);
        byToken(logSumExp).assign(byHead(sum));
    }

    void backward(Nd4jTensor out, Nd4jTensor logSumExp, Nd4jTensor dOut, Nd4jTensor dFused) {
        int rows = shape.heads() * length;
        boolean capped = shape.scoreCap() > 0;
        scratch.clear((capped ? 3L : 2L) * rows * (prefix + length) + 2L * rows + (long) length * shape.queryColumns());
        INDArray slopes = capped ? scratch.tensor(rows, prefix + length).array() : null;
        Nd4jTensor weights = scores(slopes);
        Nd4jTensor dScores = scratch.tensor(rows, prefix + length);
        Nd4jTensor perRow = scratch.tensor(rows, 1);
        byHead(perRow).assign(byToken(logSumExp));
        Transforms.exp(weights.array().subiColumnVector(perRow.array()), false);
        meanOfGradient(out, dOut, perRow);
        for (int head = 0; head < shape.heads(); head++) {
            for (Part part : parts()) {
                multiply(
                        ofQuery(dOut, head),
                        value(fused, head, part),
                        weights(dScores, head, part),
                        false,
                        true,
                        1,
                        false);
                multiply(
                        weights(weights, head, part),
                        ofQuery(dOut, head),
                        value(dFused, head, part),
                        true,
                        false,
                        1,
                        true);
            }
        }
        dScores.array().subiColumnVector(perRow.array()).muli(weights.array());
        if (capped) {
            dScores.array().muli(slopes);
        }
        for (int head = 0; head < shape.heads(); head++) {
            for (Part part : parts()) {
                INDArray d = weights(dScores, head, part);
                multiply(d, key(fused, head, part), ofQuery(dFused, head), false, false, shape.scale(), true);
                multiply(d, ofQuery(fused, head), key(dFused, head, part), true, false, shape.scale(), true);
            }
        }
    }

    /** Says what a segment sees: the rows of its prefix, then its own. */
    private record Part(int start, int length, int column) {}

    private Part[] parts() {
        Part own = new Part(segment.start(), length, prefix);
        return prefix == 0 ? new Part[] {own} : new Part[] {new Part(segment.prefixStart(), prefix, 0), own};
    }

    /**
     * Masked scores of all heads.
     *
     * @param slopes receives what the cap leaves of a score's gradient; null if that is not wanted
     */
    private Nd4jTensor scores(INDArray slopes) {
        Nd4jTensor scores = scratch.tensor(shape.heads() * length, prefix + length);
        for (int head = 0; head < shape.heads(); head++) {
            for (Part part : parts()) {
                multiply(
                        ofQuery(fused, head),
                        key(fused, head, part),
                        weights(scores, head, part),
                        false,
                        true,
                        shape.scale(),
                        false);
            }
        }
        if (shape.scoreCap() > 0) {
            cap(scores.array(), slopes);
        }
        scores.array().reshape(shape.heads(), length, prefix + length).addi(scratch.mask(length, prefix, shape));
        return scores;
    }

    private void cap(INDArray scores, INDArray slopes) {
        scores.divi(shape.scoreCap());
        Nd4j.exec(new Tanh(scores, scores));
        if (slopes != null) {
            slopes.assign(scores).muli(scores).rsubi(1);
        }
        scores.muli(shape.scoreCap());
    }

    /** Σ out·dOut of each row and head, into {@code [heads·length, 1]}. */
    private void meanOfGradient(Nd4jTensor out, Nd4jTensor dOut, Nd4jTensor perRow) {
        int columns = shape.queryColumns();
        Nd4jTensor product = scratch.tensor(length, columns);
        product.array()
                .assign(out.block(segment.start(), length, 0, columns))
                .muli(dOut.block(segment.start(), length, 0, columns));
        Nd4jTensor sum = scratch.tensor(length, shape.heads());
        Nd4j.exec(new Sum(
                product.blocks(0, shape.heads(), shape.headDim(), shape.headDim()),
                null,
                sum.array(),
                false,
                new int[] {2}));
        byHead(perRow).assign(sum.array().transpose());
    }

    /** The segment's rows of {@code [tokens, heads]}, as {@code [heads, length]}. */
    private INDArray byToken(Nd4jTensor perToken) {
        return perToken.block(segment.start(), length, 0, shape.heads()).transpose();
    }

    private INDArray byHead(Nd4jTensor perRow) {
        return perRow.array().reshape(shape.heads(), length);
    }

    private INDArray weights(Nd4jTensor all, int head, Part part) {
        return all.block(head * length, length, part.column, part.column + part.length);
    }

    private INDArray ofQuery(Nd4jTensor tensor, int head) {
        int column = head * shape.headDim();
        return tensor.block(segment.start(), length, column, column + shape.headDim());
    }

    private INDArray key(Nd4jTensor tensor, int head, Part part) {
        int column = shape.queryColumns() + head / shape.group() * shape.headDim();
        return tensor.block(part.start, part.length, column, column + shape.headDim());
    }

    private INDArray value(Nd4jTensor tensor, int head, Part part) {
        int column = shape.queryColumns() + shape.keyColumns() + head / shape.group() * shape.headDim();
        return tensor.block(part.start, part.length, column, column + shape.headDim());
    }

    private static void multiply(
            INDArray a, INDArray b, INDArray out, boolean transposeA, boolean transposeB, double scale, boolean add) {
        MMulTranspose transposes = MMulTranspose.builder()
                .transposeA(transposeA)
                .transposeB(transposeB)
                .build();
        Nd4j.exec(new Mmul(a, b, out, scale, add ? 1 : 0, transposes));
    }
}
