package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.AttentionShape;

/** Launches the kernels of norms, and of sums over rows: of runs of rows first, then of these. */
final class Norms {

    private static final int RUN = 64;

    private final Device device;
    private final Kernels kernels;

    Norms(Device device, Kernels kernels) {
        this.device = device;
        this.kernels = kernels;
    }

    /** Says what the kernels normalise: all columns of each row, or each of some heads. */
    private record Rows(int tokens, int first, int width, int heads, int stride, int inverseFirst, int inverseStride) {

        static Rows whole(DeviceTensor x) {
            return new Rows(x.rows(), 0, x.columns(), 1, x.columns(), 0, 1);
        }

        static Rows queries(int tokens, AttentionShape shape) {
            return new Rows(
                    tokens,
                    0,
                    shape.headDim(),
                    shape.heads(),
                    shape.fusedColumns(),
                    0,
                    shape.heads() + shape.keyValueHeads());
        }

        static Rows keys(int tokens, AttentionShape shape) {
            return new Rows(
                    tokens,
                    shape.queryColumns(),
                    shape.headDim(),
                    shape.keyValueHeads(),
                    shape.fusedColumns(),
                    shape.heads(),
                    shape.heads() + shape.keyValueHeads());
        }

        int count() {
            return tokens * heads;
        }

        int runs() {
            return (count() + RUN - 1) / RUN;
        }

        int[] structure() {
            return new int[] {first, width, heads, stride};
        }
    }

    void rms(DeviceTensor x, DeviceTensor weight, double epsilon, DeviceTensor out, DeviceTensor inverse) {
        rms(Rows.whole(x), x, weight, epsilon, out, inverse);
    }

    void rmsBackward(
            DeviceTensor x,
            DeviceTensor weight,
            DeviceTensor inverse,
            DeviceTensor dOut,
            DeviceTensor intoX,
            DeviceTensor intoWeight) {
        rmsBackward(Rows.whole(x), x, weight, inverse, dOut, intoX, true, intoWeight);
    }

    void heads(
            DeviceTensor fused,
            AttentionShape shape,
            DeviceTensor queryWeight,
            DeviceTensor keyWeight,
            double epsilon,
            DeviceTensor out,
            DeviceTensor inverse) {
        rms(Rows.queries(fused.rows(), shape), fused, queryWeight, epsilon, out, inverse);
        rms(Rows.keys(fused.rows(), shape), fused, keyWeight, epsilon, out, inverse);
        int columns = shape.keyColumns();
        long n = (long) fused.rows() * columns;
        if (n > 0) {
            int first = shape.queryColumns() + columns;
            int stride = shape.fusedColumns();
            kernels.launch("elementwise.copyColumns", Grid.over(n), fused, out, first, columns, stride, n);
        }
    }

    void headsBackward(
            DeviceTensor fused,
            AttentionShape shape,
            DeviceTensor queryWeight,
            DeviceTensor keyWeight,
            DeviceTensor inverse,
            DeviceTensor gradient,
            DeviceTensor intoQueryWeight,
            DeviceTensor intoKeyWeight) {
        Rows queries = Rows.queries(fused.rows(), shape);
        Rows keys = Rows.keys(fused.rows(), shape);
        rmsBackward(queries, fused, queryWeight, inverse, gradient, gradient, false, intoQueryWeight);
        rmsBackward(keys, fused, keyWeight, inverse, gradient, gradient, false, intoKeyWeight);
    }

    void layer(
            DeviceTensor x,
            DeviceTensor weight,
            DeviceTensor bias,
            double epsilon,
            DeviceTensor out,
            DeviceTensor meanAndInverse) {
        if (x.size() > 0) {
            Grid grid = Grid.rows(x.rows(), x.columns());
            kernels.launch("norm.layerNorm", grid, x, weight, bias, (float) epsilon, out, meanAndInverse, x.columns());
        }
    }

    void layerBackward(
            DeviceTensor x,
            DeviceTensor weight,
            DeviceTensor meanAndInverse,
            DeviceTensor dOut,
            DeviceTensor intoX,
            DeviceTensor intoWeight,
            DeviceTensor intoBias) {
        if (x.size() == 0) {
            return;
        }
        int runs = Rows.whole(x).runs();
        try (Scratch parts = parts(runs, x.columns())) {
            Grid grid = Grid.columns(x.columns(), runs);
            kernels.launch("norm.layerNormWeights", grid, x, meanAndInverse, dOut, parts, RUN, x.rows(), x.columns());
            addParts(parts, runs, intoWeight);
        }
        columnSums(dOut, intoBias);
        Grid grid = Grid.rows(x.rows(), x.columns());
        kernels.launch("norm.layerNormBackward", grid, x, weight, meanAndInverse, dOut, intoX, x.columns());
    }

    /** {@code into += Σ} rows of x. */
    void columnSums(DeviceTensor x, DeviceTensor into) {
        if (x.size() == 0) {
            return;
        }
        int runs = Rows.whole(x).runs();
        try (Scratch parts = parts(runs, x.columns())) {
            Grid grid = Grid.columns(x.columns(), runs);
            kernels.launch("norm.columnSums", grid, x, parts, RUN, x.rows(), x.columns());
            addParts(parts, runs, into);
        }
    }

    private void rms(
            Rows rows, DeviceTensor x, DeviceTensor weight, double epsilon, DeviceTensor out, DeviceTensor inverse) {
        if (rows.count() > 0) {
            kernels.launch(
                    "norm.rmsNorm",
                    Grid.rows(rows.count(), rows.width),
                    x,
                    weight,
                    (float) epsilon,
                    out,
                    inverse,
                    rows.inverseFirst,
                    rows.inverseStride,
                    rows.structure());
        }
    }

    private void rmsBackward(
            Rows rows,
            DeviceTensor x,
            DeviceTensor weight,
            DeviceTensor inverse,
            DeviceTensor dOut,
            DeviceTensor into,
            boolean accumulate,
            DeviceTensor intoWeight) {
        if (rows.count() == 0) {
            return;
        }
        try (Scratch parts = parts(rows.runs(), rows.width)) {
            kernels.launch(
                    "norm.rmsNormWeights",
                    Grid.columns(rows.width, rows.runs()),
                    x,
                    inverse,
                    rows.inverseFirst,
                    rows.inverseStride,
                    dOut,
                    parts,
                    RUN,
                    rows.count(),
                    rows.structure());
            addParts(parts, rows.runs(), intoWeight);
        }
        kernels.launch(
                "norm.rmsNormBackward",
                Grid.rows(rows.count(), rows.width),
                x,
                weight,
                inverse,
                rows.inverseFirst,
                rows.inverseStride,
                dOut,
                into,
                accumulate ? 1 : 0,
                rows.structure());
    }

    private Scratch parts(int runs, int columns) {
        return device.scratch((long) Float.BYTES * runs * columns);
    }

    private void addParts(Scratch parts, int runs, DeviceTensor into) {
        kernels.launch("norm.addParts", Grid.columns(into.columns(), 1), parts, into, runs, into.columns());
    }
}
