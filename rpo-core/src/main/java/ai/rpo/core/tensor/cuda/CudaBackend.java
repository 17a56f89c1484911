package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.AdamStep;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.CachedSegment;
import ai.rpo.core.tensor.ClampedGate;
import ai.rpo.core.tensor.Packed;
import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Segment;
import ai.rpo.core.tensor.Shapes;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Transfers;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Computes on a CUDA device of compute capability 8.0 or more: products through cuBLASLt, everything else in kernels of
 * our own, which NVRTC compiles for the device at hand. Numbers stay on the device; a result is the same at each run.
 */
public final class CudaBackend implements Backend {

    private static final double MANTISSA = 0x1p53; // of the random bits that dropout looks at
    private static final int TARGET = 3; // numbers that say what is added to a row

    private final String description;
    private final Precision operands;
    private final Device device;
    private final Kernels kernels;
    private final Products products;
    private final Norms norms;
    private final Attention attention;

    CudaBackend(Libraries libraries, int number, CubinCache cache, UnaryOperator<String> sources, boolean bfloat16) {
        operands = bfloat16 ? Precision.BFLOAT16 : Precision.FLOAT32;
        device = Device.open(libraries.driver(), number);
        Compiler compiler = new Compiler(libraries.nvrtc(), cache, sources, device.capability());
        kernels = new Kernels(device, compiler::compile);
        kernels.prepare("elementwise"); // which all work needs
        products = new Products(device, kernels, libraries.cublasLt(), bfloat16);
        norms = new Norms(device, kernels);
        attention = new Attention(device, kernels);
        description = "CUDA on " + device.name() + " (compute capability " + device.capability() / 10 + "."
                + device.capability() % 10 + ", driver of CUDA " + Libraries.cudaVersion(libraries.driverVersion())
                + ", " + compiler.describe() + "), " + (bfloat16 ? "bfloat16 products" : "float32");
    }

    /**
     * @param bfloat16 let products round their inputs
     * @param device its number in the order of PCI buses
     * @throws DeviceException saying what is missing if there is no such device, or not all that it needs
     */
    public static CudaBackend create(boolean bfloat16, int device) {
        return new CudaBackend(
                Libraries.load(Libraries.Names.USUAL), device, CubinCache.usual(), Compiler::resource, bfloat16);
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public OptionalLong deviceMemory() {
        return OptionalLong.of(device.memory());
    }

    @Override
    public Storage allocate(long size) {
        return new DeviceStorage(device, kernels, size, false);
    }

    @Override
    public Transfers transfers(int piece) {
        return new StreamTransfers(device, kernels, piece);
    }

    @Override
    public Precision products() {
        return operands;
    }

    @Override
    public Storage allocateRounded(long size) {
        if (operands != Precision.BFLOAT16) {
            return Backend.super.allocateRounded(size);
        }
        return new DeviceStorage(device, kernels, size, true);
    }

    @Override
    public Packed pack(PackedMatrix matrix) {
        return PackedOnDevice.of(matrix, device, kernels);
    }

    @Override
    public void unpack(Packed packed, int firstRow, Tensor out) {
        Shapes.requireUnpacked(packed, firstRow, out);
        if (out.size() > 0) {
            ((PackedOnDevice) packed).unpack(kernels, firstRow, of(out));
        }
    }

    @Override
    public void zero(Tensor out) {
        if (out.size() > 0) {
            device.zero(of(out).address(), out.size());
        }
    }

    @Override
    public void copy(Tensor x, Tensor out) {
        Shapes.requireSame(x, out);
        if (x.size() > 0) {
            device.copy(of(x).address(), of(out).address(), Float.BYTES * x.size());
        }
    }

    @Override
    public void add(Tensor x, Tensor into) {
        Shapes.requireSame(x, into);
        each("elementwise.add", x.size(), of(x), of(into));
    }

    @Override
    public void scale(Tensor x, double factor) {
        each("elementwise.scale", x.size(), of(x), (float) factor);
    }

    @Override
    public double norm(Tensor x) {
        if (x.size() == 0) {
            return 0;
        }
        Grid grid = Grid.over(x.size());
        try (Scratch parts = device.scratch((long) Double.BYTES * grid.x())) {
            kernels.launch("elementwise.squares", grid, of(x), x.size(), parts);
            return Math.sqrt(
                    Arrays.stream(device.readDoubles(parts.address(), grid.x())).sum());
        }
    }

    @Override
    public void addRow(Tensor row, Tensor into) {
        Shapes.requireRow(row, into);
        each("elementwise.addRow", into.size(), of(row), of(into), into.columns());
    }

    @Override
    public void addRowBackward(Tensor dOut, Tensor intoRow) {
        Shapes.requireRow(intoRow, dOut);
        norms.columnSums(of(dOut), of(intoRow));
    }

    @Override
    public void scaleColumns(Tensor x, Tensor row, Tensor out) {
        Shapes.requireRow(row, x);
        Shapes.requireSame(x, out);
        each("magnitude.scaleColumns", x.size(), of(x), of(row), of(out), x.columns());
    }

    @Override
    public void columnDots(Tensor x, Tensor y, Tensor intoRow) {
        Shapes.requireSame(x, y);
        Shapes.requireRow(intoRow, x);
        each("magnitude.columnDots", x.columns(), of(x), of(y), of(intoRow), x.rows());
    }

    @Override
    public void inverseRowNorms(Tensor x, Tensor out) {
        Shapes.requireRowOfNorms(x, out);
        if (x.rows() > 0) {
            kernels.launch("magnitude.inverseRowNorms", Grid.rows(x.rows(), x.columns()), of(x), of(out), x.columns());
        }
    }

    @Override
    public void gatherRows(Tensor table, int[] rows, Tensor out) {
        Shapes.requireRows(table, rows, out);
        String kernel = ((DeviceTensor) table).rounded() ? "elementwise.gatherRounded" : "elementwise.gatherRows";
        try (Scratch numbers = device.upload(rows)) {
            each(kernel, out.size(), table, numbers, of(out), out.columns());
        }
    }

    @Override
    public void scatterAddRows(Tensor x, int[] rows, Tensor into) {
        Shapes.requireRows(into, rows, x);
        int[] sources = IntStream.range(0, rows.length)
                .boxed()
                .sorted(Comparator.comparing(i -> rows[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        int[] targets = new int[TARGET * rows.length];
        int count = 0;
        for (int from = 0; from < sources.length; count++) {
            int row = rows[sources[from]];
            int to = from + 1;
            while (to < sources.length && rows[sources[to]] == row) {
                to++;
            }
            targets[TARGET * count] = row;
            targets[TARGET * count + 1] = from;
            targets[TARGET * count + 2] = to;
            from = to;
        }
        try (Scratch groups = device.upload(targets);
                Scratch order = device.upload(sources)) {
            long size = (long) count * x.columns();
            each("elementwise.scatterAddRows", size, of(x), groups, order, of(into), x.columns());
        }
    }

    @Override
    public void addColumns(Tensor x, int xFrom, Tensor into, int intoFrom, int columns) {
        Shapes.requireColumns(x, xFrom, into, intoFrom, columns);
        each(
                "elementwise.addColumns",
                (long) x.rows() * columns,
                of(x),
                xFrom,
                x.columns(),
                of(into),
                intoFrom,
                into.columns(),
                columns);
    }

    @Override
    public void dropout(Tensor x, double rate, long[] keys, Tensor out) {
        Shapes.requireDropout(x, rate, keys, out);
        long threshold = (long) Math.ceil(rate * MANTISSA);
        float factor = (float) (1 / (1 - rate));
        try (Scratch perRow = device.upload(keys)) {
            each("elementwise.dropout", x.size(), of(x), perRow, threshold, factor, of(out), x.columns());
        }
    }

    @Override
    public void set(double[] numbers, Tensor out) {
        Shapes.requireNumbers(numbers, out);
        if (numbers.length > 0) {
            try (Scratch floats = device.upload(floats(numbers))) {
                device.copy(floats.address(), of(out).address(), Float.BYTES * out.size());
            }
        }
    }

    private static float[] floats(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) numbers[i];
        }
        return floats;
    }

    @Override
    public void mixRows(Tensor x, int[] rows, double[] shares, Tensor into) {
        int parts = Shapes.requireMixed(x, rows, shares, into);
        try (Scratch order = device.upload(rows);
                Scratch perRow = device.upload(floats(shares))) {
            each("elementwise.mixRows", into.size(), of(x), order, perRow, parts, of(into), x.columns());
        }
    }

    @Override
    public void mixRowsBackward(Tensor x, int[] rows, double[] shares, Tensor dOut, Tensor dX, double[] dShares) {
        int parts = Shapes.requireMixed(x, rows, shares, dOut);
        Shapes.requireMixed(dX, rows, dShares, dOut);
        if (rows.length == 0) {
            return;
        }
        try (Scratch order = device.upload(rows);
                Scratch perRow = device.upload(floats(shares));
                Scratch results = device.scratch((long) Double.BYTES * rows.length)) {
            kernels.launch(
                    "elementwise.mixRowsBackward",
                    Grid.rows(rows.length, x.columns()),
                    of(x),
                    order,
                    perRow,
                    parts,
                    of(dOut),
                    of(dX),
                    results,
                    x.columns());
            System.arraycopy(device.readDoubles(results.address(), rows.length), 0, dShares, 0, rows.length);
        }
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(x, weight, out);
        products.multiply(
                false, true, x.rows(), out.columns(), x.columns(), of(x), (DeviceTensor) weight, accumulate, of(out));
    }

    @Override
    public void linearBackwardInput(Tensor dOut, Tensor weight, Tensor out, boolean accumulate) {
        Shapes.requireLinear(out, weight, dOut);
        products.multiply(
                false,
                false,
                dOut.rows(),
                out.columns(),
                dOut.columns(),
                of(dOut),
                (DeviceTensor) weight,
                accumulate,
                of(out));
    }

    @Override
    public void linearBackwardWeight(Tensor dOut, Tensor x, Tensor intoWeight) {
        Shapes.requireLinear(x, intoWeight, dOut);
        if (x.rows() > 0) {
            products.multiply(
                    true, false, dOut.columns(), x.columns(), x.rows(), of(dOut), of(x), true, of(intoWeight));
        }
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double epsilon, Tensor out, Tensor inverseRms) {
        Shapes.requireNorm(x, weight, out, inverseRms);
        norms.rms(of(x), of(weight), epsilon, of(out), of(inverseRms));
    }

    @Override
    public void rmsNormBackward(
            Tensor x, Tensor weight, Tensor inverseRms, Tensor dOut, Tensor intoX, Tensor intoWeight) {
        Shapes.requireNorm(x, weight, dOut, inverseRms);
        Shapes.requireNorm(x, intoWeight, intoX, inverseRms);
        norms.rmsBackward(of(x), of(weight), of(inverseRms), of(dOut), of(intoX), of(intoWeight));
    }

    @Override
    public void layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor out, Tensor meanAndInverse) {
        Shapes.requireLayerNorm(x, weight, bias, out, meanAndInverse);
        norms.layer(of(x), of(weight), of(bias), epsilon, of(out), of(meanAndInverse));
    }

    @Override
    public void layerNormBackward(
            Tensor x,
            Tensor weight,
            Tensor meanAndInverse,
            Tensor dOut,
            Tensor intoX,
            Tensor intoWeight,
            Tensor intoBias) {
        Shapes.requireLayerNorm(x, weight, intoBias, dOut, meanAndInverse);
        Shapes.requireLayerNorm(x, intoWeight, intoBias, intoX, meanAndInverse);
        norms.layerBackward(of(x), of(weight), of(meanAndInverse), of(dOut), of(intoX), of(intoWeight), of(intoBias));
    }

    @Override
    public void headNorm(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            double epsilon,
            Tensor out,
            Tensor inverseRms) {
        Shapes.requireHeadNorm(fused, shape, queryWeight, keyWeight, inverseRms);
        Shapes.requireSame(fused, out);
        norms.heads(of(fused), shape, of(queryWeight), of(keyWeight), epsilon, of(out), of(inverseRms));
    }

    @Override
    public void headNormBackward(
            Tensor fused,
            AttentionShape shape,
            Tensor queryWeight,
            Tensor keyWeight,
            Tensor inverseRms,
            Tensor gradient,
            Tensor intoQueryWeight,
            Tensor intoKeyWeight) {
        Shapes.requireHeadNorm(fused, shape, queryWeight, keyWeight, inverseRms);
        Shapes.requireHeadNorm(gradient, shape, intoQueryWeight, intoKeyWeight, inverseRms);
        norms.headsBackward(
                of(fused),
                shape,
                of(queryWeight),
                of(keyWeight),
                of(inverseRms),
                of(gradient),
                of(intoQueryWeight),
                of(intoKeyWeight));
    }

    @Override
    public void rotary(Tensor fused, AttentionShape shape, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        Shapes.requireRotary(fused, shape, positions, cos, sin);
        int heads = shape.heads() + shape.keyValueHeads();
        try (Scratch rows = device.upload(positions)) {
            each(
                    "attention.rotary",
                    (long) fused.rows() * heads * cos.columns(),
                    of(fused),
                    fused.columns(),
                    heads,
                    shape.headDim(),
                    cos.columns(),
                    rows,
                    of(cos),
                    of(sin),
                    inverse ? -1f : 1f);
        }
    }

    @Override
    public void attention(Tensor fused, AttentionShape shape, List<Segment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireAttention(fused, shape, out, logSumExp);
        attention.forward(of(fused), shape, segments, of(out), of(logSumExp));
    }

    @Override
    public void attentionBackward(
            Tensor fused,
            AttentionShape shape,
            List<Segment> segments,
            Tensor out,
            Tensor logSumExp,
            Tensor dOut,
            Tensor dFused) {
        Shapes.requireAttention(fused, shape, out, logSumExp);
        Shapes.requireSame(out, dOut);
        Shapes.requireSame(fused, dFused);
        zero(dFused);
        attention.backward(of(fused), shape, segments, of(out), of(logSumExp), of(dOut), of(dFused));
    }

    @Override
    public void cachedAttention(
            Tensor fused, AttentionShape shape, List<CachedSegment> segments, Tensor out, Tensor logSumExp) {
        Shapes.requireCachedAttention(fused, shape, segments, out, logSumExp);
        attention.cached(of(fused), shape, segments, of(out), of(logSumExp));
    }

    @Override
    public void attentionSinks(Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        int heads = shape.heads();
        each("attention.sinkShares", out.size(), of(sinks), heads, shape.headDim(), of(out), of(logSumExp));
        each("attention.sinkSums", logSumExp.size(), of(sinks), heads, of(logSumExp));
    }

    @Override
    public void attentionSinksBackward(
            Tensor sinks, AttentionShape shape, Tensor out, Tensor logSumExp, Tensor dOut, Tensor intoSinks) {
        Shapes.requireSinks(sinks, shape, out, logSumExp);
        Shapes.requireSinks(intoSinks, shape, dOut, logSumExp);
        kernels.launch(
                "attention.sinksBackward",
                Grid.rows(shape.heads(), out.rows() * shape.headDim()),
                of(sinks),
                shape.heads(),
                shape.headDim(),
                of(out),
                of(logSumExp),
                of(dOut),
                of(intoSinks),
                out.rows());
    }

    @Override
    public void gatedActivation(Tensor gateUp, Activation activation, Tensor out) {
        Shapes.requireGated(gateUp, out);
        each("activation.gatedActivation", out.size(), of(gateUp), kind(activation), of(out), out.columns());
    }

    @Override
    public void gatedActivationBackward(Tensor gateUp, Activation activation, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
        each(
                "activation.gatedActivationBackward",
                dOut.size(),
                of(gateUp),
                kind(activation),
                of(dOut),
                of(dGateUp),
                dOut.columns());
    }

    @Override
    public void clampedGate(Tensor gateUp, ClampedGate gate, Tensor out) {
        Shapes.requireGated(gateUp, out);
        each("activation.clampedGate", out.size(), of(gateUp), (float) gate.alpha(), (float) gate.limit(), of(out));
    }

    @Override
    public void clampedGateBackward(Tensor gateUp, ClampedGate gate, Tensor dOut, Tensor dGateUp) {
        Shapes.requireGated(gateUp, dOut);
        Shapes.requireSame(gateUp, dGateUp);
        each(
                "activation.clampedGateBackward",
                dOut.size(),
                of(gateUp),
                (float) gate.alpha(),
                (float) gate.limit(),
                of(dOut),
                of(dGateUp));
    }

    @Override
    public void activation(Tensor x, Activation activation, Tensor out) {
        Shapes.requireSame(x, out);
        each("activation.activation", x.size(), of(x), kind(activation), of(out));
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Tensor dOut, Tensor dX) {
        Shapes.requireSame(x, dOut);
        Shapes.requireSame(x, dX);
        each("activation.activationBackward", x.size(), of(x), kind(activation), of(dOut), of(dX));
    }

    private static int kind(Activation activation) {
        return switch (activation) {
            case SILU -> 0;
            case GELU_TANH -> 1;
            case GELU -> 2;
        };
    }

    @Override
    public void softCap(Tensor x, double cap) {
        each("elementwise.softCap", x.size(), of(x), (float) cap);
    }

    @Override
    public void softCapBackward(Tensor capped, double cap, Tensor gradient) {
        Shapes.requireSame(capped, gradient);
        each("elementwise.softCapBackward", gradient.size(), of(capped), (float) cap, of(gradient));
    }

    @Override
    public void targetLogps(Tensor logits, int[] targets, int from, double[] logps, Tensor logSumExp) {
        Shapes.requireLogps(logits, logSumExp, targets, from, logps);
        int rows = logits.rows();
        if (rows == 0) {
            return;
        }
        try (Scratch ids = device.upload(targets, from, from + rows);
                Scratch results = device.scratch((long) Double.BYTES * rows)) {
            Grid grid = Grid.rows(rows, logits.columns());
            kernels.launch("head.targetLogps", grid, of(logits), ids, results, of(logSumExp), logits.columns());
            System.arraycopy(device.readDoubles(results.address(), rows), 0, logps, from, rows);
        }
    }

    @Override
    public void targetLogpsBackward(Tensor logits, Tensor logSumExp, int[] targets, int from, double[] coefficients) {
        Shapes.requireLogps(logits, logSumExp, targets, from, coefficients);
        float[] factors = new float[logits.rows()];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) coefficients[from + i];
        }
        try (Scratch ids = device.upload(targets, from, from + logits.rows());
                Scratch perRow = device.upload(factors)) {
            each("head.targetLogpsBackward", logits.size(), of(logits), of(logSumExp), ids, perRow, logits.columns());
        }
    }

    @Override
    public void adam(Tensor parameters, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamStep step) {
        Shapes.requireSame(gradient, parameters);
        Shapes.requireSame(gradient, firstMoment);
        Shapes.requireSame(gradient, secondMoment);
        each(
                "elementwise.adam",
                gradient.size(),
                of(parameters),
                of(gradient),
                of(firstMoment),
                of(secondMoment),
                (float) step.beta1(),
                (float) (1 - step.beta1()),
                (float) step.beta2(),
                (float) (1 - step.beta2()),
                (float) (step.learningRate() / step.firstCorrection()),
                (float) (1 / Math.sqrt(step.secondCorrection())),
                (float) step.epsilon(),
                (float) (step.learningRate() * step.decay()));
    }

    /** A kernel over n elements, n being its last argument. */
    private void each(String kernel, long n, Object... arguments) {
        if (n > 0) {
            Object[] all = Arrays.copyOf(arguments, arguments.length + 1);
            all[arguments.length] = n;
            kernels.launch(kernel, Grid.over(n), all);
        }
    }

    /** Takes a tensor of float32, as all operations want but those whose documentation says otherwise. */
    private static DeviceTensor of(Tensor tensor) {
        DeviceTensor ours = (DeviceTensor) tensor;
        if (ours.rounded()) {
            throw new IllegalArgumentException("A tensor of bfloat16 is no operand here.");
        }
        return ours;
    }
}
