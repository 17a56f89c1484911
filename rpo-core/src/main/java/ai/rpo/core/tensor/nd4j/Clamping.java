package ai.rpo.core.tensor.nd4j;

import ai.rpo.core.tensor.ClampedGate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The gate of gpt-oss over columns that are gates and ups in turn. */
final class Clamping {

    private final ClampedGate kind;
    private final Scratch scratch;
    private final int rows;
    private final int columns;
    private final INDArray gate;
    private final INDArray up;
    private final INDArray sigmoid;

    /** @param scratch with room for three times as many numbers as there are */
    Clamping(ClampedGate kind, Nd4jTensor gateUp, Scratch scratch) {
        this.kind = kind;
        this.scratch = scratch;
        rows = gateUp.rows();
        columns = gateUp.columns() / 2;
        gate = every(gateUp, 0);
        up = every(gateUp, 1);
        sigmoid = scratch.tensor(rows, columns).array();
    }

    private INDArray every(Nd4jTensor gateUp, int first) {
        Nd4jTensor picked = scratch.tensor(rows, columns);
        picked.blocks(0, columns, 1, 1).assign(gateUp.blocks(first, columns, 2, 1));
        return picked.array();
    }

    private void clamp() {
        Transforms.min(gate, kind.limit(), false);
        Transforms.min(up, kind.limit(), false);
        Transforms.max(up, -kind.limit(), false);
        sigmoid.assign(gate).muli(kind.alpha());
        Nd4j.exec(new Sigmoid(sigmoid, sigmoid));
    }

    void forward(INDArray out) {
        clamp();
        out.assign(up).addi(1).muli(gate).muli(sigmoid);
    }

    void backward(INDArray dOut, Nd4jTensor dGateUp) {
        INDArray gateInside = gate.lte(kind.limit()).castTo(DataType.FLOAT);
        INDArray upInside = Transforms.abs(up, true).lte(kind.limit()).castTo(DataType.FLOAT);
        clamp();
        INDArray dUp = scratch.tensor(rows, columns).array();
        dUp.assign(gate).muli(sigmoid).muli(dOut).muli(upInside);
        up.addi(1).muli(dOut).muli(sigmoid).muli(gateInside); // the gate's gradient but for its last factor
        gate.muli(kind.alpha()).muli(sigmoid.rsubi(1)).addi(1);
        gate.muli(up);
        put(gate, dGateUp, 0);
        put(dUp, dGateUp, 1);
    }

    private void put(INDArray numbers, Nd4jTensor into, int first) {
        into.blocks(first, columns, 2, 1).assign(numbers.reshape(rows, columns, 1));
    }
}
