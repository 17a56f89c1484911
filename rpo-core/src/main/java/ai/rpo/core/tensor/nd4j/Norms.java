package ai.rpo.core.tensor.nd4j;

import static ai.rpo.core.tensor.nd4j.Nd4jBackend.array;
import static ai.rpo.core.tensor.nd4j.Nd4jBackend.multiply;
import static ai.rpo.core.tensor.nd4j.Nd4jBackend.sum;
import static ai.rpo.core.tensor.nd4j.Nd4jBackend.tensor;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Tensor;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.same.Sum;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The normalizations of {@link Nd4jBackend}, which has checked the shapes. */
final class Norms {

    private final Scratch scratch;

    Norms(Scratch scratch) {
        this.scratch = scratch;
    }

    void rms(Tensor x, Tensor weight, double epsilon, Tensor out, Tensor inverseRms) {
        INDArray a = array(x);
        INDArray r = array(inverseRms);
        INDArray result = array(out);
        sum(result.assign(a).muli(a), r, 1); // Norm2 leaves r as it was where x has one column
        r.divi(x.columns()).addi(epsilon);
        Transforms.sqrt(r, false).rdivi(1);
        result.assign(a).muliColumnVector(r).muliRowVector(array(weight));
    }

    void rmsBackward(Tensor x, Tensor weight, Tensor inverseRms, Tensor dOut, Tensor intoX, Tensor intoWeight) {
        scratch.clear(2 * x.size() + 2L * x.rows() + x.columns());
        INDArray normalized = scratch.tensor(x.rows(), x.columns()).array();
        INDArray d = scratch.tensor(x.rows(), x.columns()).array();
        INDArray dot = scratch.tensor(x.rows(), 1).array();
        INDArray columnSum = scratch.tensor(1, x.columns()).array();
        INDArray r = array(inverseRms);
        normalized.assign(array(x)).muliColumnVector(r);
        d.assign(array(dOut)).muli(normalized);
        sum(d, columnSum, 0);
        array(intoWeight).addi(columnSum);
        d.muliRowVector(array(weight));
        sum(d, dot, 1);
        normalized.muliColumnVector(dot.muli(r).divi(-x.columns()));
        d.assign(array(dOut)).muliRowVector(array(weight)).muliColumnVector(r);
        array(intoX).addi(d).addi(normalized);
    }

    void layer(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor out, Tensor meanAndInverse) {
        int rows = x.rows();
        scratch.clear(x.size() + 2L * rows);
        INDArray squares = scratch.tensor(rows, x.columns()).array();
        INDArray mean = scratch.tensor(rows, 1).array();
        INDArray r = scratch.tensor(rows, 1).array();
        INDArray result = array(out);
        sum(array(x), mean, 1);
        mean.divi(x.columns());
        result.assign(array(x)).subiColumnVector(mean);
        sum(squares.assign(result).muli(result), r, 1);
        r.divi(x.columns()).addi(epsilon);
        Transforms.sqrt(r, false).rdivi(1);
        result.muliColumnVector(r).muliRowVector(array(weight)).addiRowVector(array(bias));
        tensor(meanAndInverse).block(0, rows, 0, 1).assign(mean);
        tensor(meanAndInverse).block(0, rows, 1, 2).assign(r);
    }

    void layerBackward(
            Tensor x,
            Tensor weight,
            Tensor meanAndInverse,
            Tensor dOut,
            Tensor intoX,
            Tensor intoWeight,
            Tensor intoBias) {
        int rows = x.rows();
        int columns = x.columns();
        scratch.clear(2 * x.size() + 3L * rows + columns);
        INDArray normalized = scratch.tensor(rows, columns).array();
        INDArray d = scratch.tensor(rows, columns).array();
        INDArray mean = scratch.tensor(rows, 1).array();
        INDArray r = scratch.tensor(rows, 1).array();
        INDArray average = scratch.tensor(rows, 1).array();
        INDArray columnSum = scratch.tensor(1, columns).array();
        mean.assign(tensor(meanAndInverse).block(0, rows, 0, 1));
        r.assign(tensor(meanAndInverse).block(0, rows, 1, 2));
        normalized.assign(array(x)).subiColumnVector(mean).muliColumnVector(r);
        sum(array(dOut), columnSum, 0);
        array(intoBias).addi(columnSum);
        d.assign(array(dOut)).muli(normalized);
        sum(d, columnSum, 0);
        array(intoWeight).addi(columnSum);
        d.muliRowVector(array(weight));
        sum(d, average, 1);
        normalized.muliColumnVector(average.divi(columns));
        d.assign(array(dOut)).muliRowVector(array(weight));
        sum(d, average, 1);
        d.subiColumnVector(average.divi(columns)).subi(normalized).muliColumnVector(r);
        array(intoX).addi(d);
    }

    /** Normalizes heads in place on {@code out}. */
    void heads(
            AttentionShape shape, Tensor queryWeight, Tensor keyWeight, double epsilon, Tensor out, Tensor inverseRms) {
        int rows = out.rows();
        for (HeadGroup heads : HeadGroup.of(shape, queryWeight, keyWeight)) {
            scratch.clear((long) rows * heads.count() * (shape.headDim() + 1));
            INDArray squares = heads.view(scratch.tensor(rows, heads.columns()), 0);
            Nd4jTensor r = scratch.tensor(rows, heads.count());
            INDArray result = heads.view(tensor(out), heads.firstColumn());
            multiply(result, result, squares);
            Nd4j.exec(new Sum(squares, null, r.array(), false, new int[] {2}));
            r.array().divi(shape.headDim()).addi(epsilon);
            Transforms.sqrt(r.array(), false).rdivi(1);
            multiply(result, perHead(r), result);
            multiply(result, heads.view(heads.weight()), result);
            heads.statistics(tensor(inverseRms)).assign(r.array());
        }
    }

    void headsBackward(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            Tensor inverseRms,
            Tensor gradient,
            Tensor intoQueryWeight,
            Tensor intoKeyWeight) {
        int rows = fused.rows();
        int headDim = shape.headDim();
        for (HeadGroup heads : HeadGroup.of(shape, queryWeight, keyWeight)) {
            boolean query = heads.firstColumn() == 0;
            scratch.clear((long) rows * heads.count() * (2L * headDim + 2) + headDim);
            Nd4jTensor r = scratch.tensor(rows, heads.count());
            Nd4jTensor dot = scratch.tensor(rows, heads.count());
            Nd4jTensor normalized = scratch.tensor(rows, heads.columns());
            Nd4jTensor product = scratch.tensor(rows, heads.columns());
            INDArray columnSum = scratch.tensor(1, headDim).array();
            INDArray n = heads.view(normalized, 0);
            INDArray p = heads.view(product, 0);
            INDArray d = heads.view(tensor(gradient), heads.firstColumn());
            r.array().assign(heads.statistics(tensor(inverseRms)));
            multiply(heads.view(tensor(fused), heads.firstColumn()), perHead(r), n);
            multiply(d, n, p);
            sum(product.array().reshape('c', (long) rows * heads.count(), headDim), columnSum, 0);
            array(query ? intoQueryWeight : intoKeyWeight).addi(columnSum);
            multiply(p, heads.view(heads.weight()), p);
            Nd4j.exec(new Sum(p, null, dot.array(), false, new int[] {2}));
            dot.array().divi(headDim);
            multiply(n, perHead(dot), n);
            multiply(d, heads.view(heads.weight()), d);
            d.subi(n);
            multiply(d, perHead(r), d);
        }
    }

    private static INDArray perHead(Nd4jTensor values) {
        return values.blocks(0, values.columns(), 1, 1);
    }

    /** Neighbouring heads that are normalized with one weight. */
    private record HeadGroup(int firstHead, int count, int headDim, Nd4jTensor weight) {

        static List<HeadGroup> of(AttentionShape shape, Tensor queryWeight, Tensor keyWeight) {
            return List.of(
                    new HeadGroup(0, shape.heads(), shape.headDim(), tensor(queryWeight)),
                    new HeadGroup(shape.heads(), shape.keyValueHeads(), shape.headDim(), tensor(keyWeight)));
        }

        int columns() {
            return count * headDim;
        }

        int firstColumn() {
            return firstHead * headDim;
        }

        /** {@code [tokens, count, headDim]}. */
        INDArray view(Nd4jTensor fused, int from) {
            return fused.blocks(from, count, headDim, headDim);
        }

        INDArray view(Nd4jTensor row) {
            return row.blocks(0, 1, headDim, headDim);
        }

        INDArray statistics(Nd4jTensor perHead) {
            return perHead.block(0, perHead.rows(), firstHead, firstHead + count);
        }
    }
}
