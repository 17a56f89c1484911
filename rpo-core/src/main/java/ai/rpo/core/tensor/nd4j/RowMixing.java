package ai.rpo.core.tensor.nd4j;

import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Sums of so many rows each, every row with a share.
 *
 * @param rows in the order of the sums
 * @param parts rows of a sum
 */
record RowMixing(int[] rows, double[] shares, int parts, Scratch scratch) {

    void forward(INDArray x, INDArray into) {
        scratch.clear(x.length() + rows.length);
        INDArray picked = picked(x, rows);
        picked.muliColumnVector(perRow());
        Nd4jBackend.scatterAdd(into, Nd4j.createFromArray(sums()), picked);
    }

    void backward(INDArray x, INDArray dOut, INDArray dX, double[] dShares) {
        scratch.clear(2 * x.length() + 2L * rows.length);
        INDArray products = picked(x, rows);
        INDArray gradient = picked(dOut, sums());
        INDArray dots = scratch.tensor(rows.length, 1).array();
        Nd4jBackend.sum(products.muli(gradient), dots, 1);
        System.arraycopy(dots.toDoubleVector(), 0, dShares, 0, dShares.length);
        int[] places = new int[rows.length];
        for (int place = 0; place < rows.length; place++) {
            places[rows[place]] = place;
        }
        Nd4j.pullRows(gradient.muliColumnVector(perRow()), dX, 1, places);
    }

    private INDArray picked(INDArray table, int[] which) {
        INDArray picked = scratch.tensor(which.length, table.columns()).array();
        Nd4j.pullRows(table, picked, 1, which);
        return picked;
    }

    private INDArray perRow() {
        return scratch.tensor(rows.length, 1)
                .array()
                .assign(Nd4j.createFromArray(shares).castTo(DataType.FLOAT).reshape(rows.length, 1));
    }

    /** Gives of each place the sum that it is part of. */
    private int[] sums() {
        return IntStream.range(0, rows.length).map(place -> place / parts).toArray();
    }
}
