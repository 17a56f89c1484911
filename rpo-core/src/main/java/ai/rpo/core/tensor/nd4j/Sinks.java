package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.AttentionShape;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Scores that softmaxes look at and that have no value, after attention without them. */
record Sinks(Scratch scratch) {

    /** Adds sinks: with d = sink − logSumExp, the sum grows by {@code max(d, 0) + log(1 + exp(−|d|))}. */
    void forward(INDArray sinks, AttentionShape shape, Nd4jTensor out, INDArray logSumExp) {
        int rows = out.rows();
        int heads = shape.heads();
        scratch.clear(2L * rows * heads);
        INDArray grown = scratch.tensor(rows, heads).array();
        INDArray small = scratch.tensor(rows, heads).array();
        grown.assign(logSumExp).negi().addiRowVector(sinks);
        small.assign(Transforms.abs(grown, true)).negi();
        Transforms.exp(small, false);
        Transforms.log(small.addi(1), false);
        Transforms.max(grown, 0, false);
        grown.addi(small);
        logSumExp.addi(grown);
        Transforms.exp(grown.negi(), false);
        for (int head = 0; head < heads; head++) {
            out.block(0, rows, head * shape.headDim(), (head + 1) * shape.headDim())
                    .muliColumnVector(grown.getColumn(head, true).dup());
        }
    }

    void backward(
            INDArray sinks,
            AttentionShape shape,
            Nd4jTensor out,
            INDArray logSumExp,
            INDArray dOut,
            INDArray intoSinks) {
        int rows = out.rows();
        int heads = shape.heads();
        scratch.clear(out.size() + 2L * rows * heads + heads);
        INDArray products = scratch.tensor(rows * heads, shape.headDim()).array();
        products.assign(out.array().reshape(rows * heads, shape.headDim()));
        products.muli(dOut.reshape(rows * heads, shape.headDim()));
        Nd4jTensor along = scratch.tensor(rows * heads, 1);
        Nd4jBackend.sum(products, along.array(), 1);
        INDArray shares = scratch.tensor(rows, heads).array();
        shares.assign(logSumExp).negi().addiRowVector(sinks);
        Transforms.exp(shares, false);
        shares.muli(along.array().reshape(rows, heads));
        INDArray sum = scratch.tensor(1, heads).array();
        Nd4jBackend.sum(shares, sum, 0);
        intoSinks.subi(sum);
    }
}
