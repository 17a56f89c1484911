package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.CachedSegment;
import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.api.ops.impl.reduce.same.Max;
import org.nd4j.linalg.api.ops.impl.reduce.same.Sum;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Attention of a segment's new rows, all heads, to the keys and values in its cache. The softmax is taken over all heads
 * at once, {@code [heads·length, seen]}.
 */
final class CachedAttention {

    private final Nd4jTensor fused;
    private final AttentionShape shape;
    private final CachedSegment segment;
    private final Nd4jTensor cache;
    private final Scratch scratch;
    private final int length;
    private final int from;
    private final int seen;

    CachedAttention(Nd4jTensor fused, AttentionShape shape, CachedSegment segment, Scratch scratch) {
        this.fused = fused;
        this.shape = shape;
        this.segment = segment;
        this.scratch = scratch;
        cache = (Nd4jTensor) segment.cache();
        length = segment.length();
        from = length == 1 ? shape.firstSeen(segment.cached()) : 0;
        seen = segment.total() - from;
    }

    void forward(Nd4jTensor out, Nd4jTensor logSumExp) {
        int keyValues = 2 * shape.keyColumns();
        cache.block(segment.cached(), length, 0, keyValues)
                .assign(fused.block(segment.start(), length, shape.queryColumns(), shape.fusedColumns()));
        int rows = shape.heads() * length;
        scratch.clear((long) rows * seen + 2L * rows);
        Nd4jTensor weights = scratch.tensor(rows, seen);
        for (int head = 0; head < shape.heads(); head++) {
            multiply(query(fused, head), key(head), rowsOf(weights, head), true, shape.scale());
        }
        INDArray all = weights.array();
        if (shape.scoreCap() > 0) {
            all.divi(shape.scoreCap());
            Nd4j.exec(new Tanh(all, all));
            all.muli(shape.scoreCap());
        }
        if (length > 1) {
            all.reshape(shape.heads(), length, seen).addi(scratch.mask(length, segment.cached(), shape));
        }
        INDArray sums = softmax(all, rows);
        for (int head = 0; head < shape.heads(); head++) {
            multiply(rowsOf(weights, head), value(head), query(out, head), false, 1);
            logSumExp
                    .block(segment.start(), length, head, head + 1)
                    .assign(sums.get(NDArrayIndex.interval(head * length, (head + 1) * length), NDArrayIndex.all()));
        }
    }

    /** @return the logarithm of each denominator */
    private INDArray softmax(INDArray scores, int rows) {
        INDArray perRow = scratch.tensor(rows, 1).array();
        Nd4j.exec(new Max(scores, null, perRow, true, new int[] {1}));
        Transforms.exp(scores.subiColumnVector(perRow), false);
        INDArray sum = scratch.tensor(rows, 1).array();
        Nd4j.exec(new Sum(scores, null, sum, true, new int[] {1}));
        scores.diviColumnVector(sum);
        Transforms.log(sum, false);
        return perRow.addi(sum);
    }

    private INDArray rowsOf(Nd4jTensor weights, int head) {
        return weights.block(head * length, length, 0, seen);
    }

    private INDArray query(Nd4jTensor tensor, int head) {
        int column = head * shape.headDim();
        return tensor.block(segment.start(), length, column, column + shape.headDim());
    }

    private INDArray key(int head) {
        int column = head / shape.group() * shape.headDim();
        return cache.block(from, seen, column, column + shape.headDim());
    }

    private INDArray value(int head) {
        int column = shape.keyColumns() + head / shape.group() * shape.headDim();
        return cache.block(from, seen, column, column + shape.headDim());
    }

    private static void multiply(INDArray a, INDArray b, INDArray out, boolean transposeB, double scale) {
        MMulTranspose transposes =
                MMulTranspose.builder().transposeA(false).transposeB(transposeB).build();
        Nd4j.exec(new Mmul(a, b, out, scale, 0, transposes));
    }
}
