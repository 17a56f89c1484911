package ai.rpo.bench;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Segment;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Rates of single operations: of one large product, which others are compared with, of a model's products, of attention. */
final class DeviceRates {

    private static final double LONG_ENOUGH = 0.2; // seconds
    private static final int TRANSFER = 1 << 24; // elements copied at once

    private DeviceRates() {}

    /** What computes, its memory, the rate of one product of {@code size}³ in both precisions, and copies to and fro. */
    static void machine(BenchmarkOptions options, ObjectNode result) {
        int size = options.number("size", 8192);
        for (Precision precision : Precision.values()) {
            Backend backend = Backends.create(options.text("backend", "cuda"), precision, options.threads());
            result.put("device", backend.describe());
            backend.deviceMemory().ifPresent(bytes -> result.put("memory_bytes", bytes));
            result.put("product_flops_" + precision.key(), productRate(backend, size, size, size));
        }
        Backend backend = options.open();
        float[] numbers = new float[Math.min(TRANSFER, size * size)];
        Storage storage = backend.allocate(numbers.length);
        Stopwatch watch = new Stopwatch(backend);
        double bytes = (double) Float.BYTES * numbers.length;
        result.put(
                "bytes_per_second_to_device",
                bytes / watch.secondsEach(() -> storage.write(0, numbers, 0, numbers.length), LONG_ENOUGH));
        result.put(
                "bytes_per_second_from_device",
                bytes / watch.secondsEach(() -> storage.read(0, numbers, 0, numbers.length), LONG_ENOUGH));
        storage.free();
    }

    /** The products of a step on one block and the head of a model, as training asks for them: forward and both gradients. */
    static void products(BenchmarkOptions options, ObjectNode result) {
        ModelConfig config =
                DeviceShape.named(options.text("shape", "seven_billion")).config();
        int rows = options.number("rows", 4096);
        Backend backend = options.open();
        int hidden = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int fused = queries + 2 * config.keyValueHeads() * config.headDim();
        int[][] shapes = {
            {hidden, fused},
            {queries, hidden},
            {hidden, 2 * config.intermediateSize()},
            {config.intermediateSize(), hidden},
            {hidden, config.vocabularySize()}
        };
        String[] names = {"queries, keys, values", "attention's output", "gate and up", "down", "head"};
        ArrayNode each = result.putArray("products");
        double flops = 0;
        double seconds = 0;
        for (int i = 0; i < shapes.length; i++) {
            double taken = threeProducts(backend, rows, shapes[i][0], shapes[i][1]);
            double needed = 6.0 * rows * shapes[i][0] * shapes[i][1];
            each.addObject().put("name", names[i]).put("flops_per_second", needed / taken);
            if (i < shapes.length - 1) { // a model has one head and many blocks
                flops += needed;
                seconds += taken;
            }
        }
        result.put("flops_per_second", flops / seconds);
    }

    /** Attention of one sequence, forward and backward. */
    static void attention(BenchmarkOptions options, ObjectNode result) {
        ModelConfig config =
                DeviceShape.named(options.text("shape", "seven_billion")).config();
        int tokens = options.number("tokens", 4096);
        Backend backend = options.open();
        AttentionShape shape = new AttentionShape(
                config.heads(), config.keyValueHeads(), config.headDim(), 1 / Math.sqrt(config.headDim()));
        Tensor fused = random(backend, tokens, shape.fusedColumns());
        Tensor out = random(backend, tokens, shape.queryColumns());
        Tensor logSumExp = random(backend, tokens, shape.heads());
        Tensor dOut = random(backend, tokens, shape.queryColumns());
        Tensor dFused = random(backend, tokens, shape.fusedColumns());
        List<Segment> segments = List.of(new Segment(0, tokens, 0, 0));
        Stopwatch watch = new Stopwatch(backend);
        double flops = 4.0 * shape.queryColumns() * tokens * (tokens + 1) / 2;
        result.put(
                "forward_flops_per_second",
                flops
                        / watch.secondsEach(
                                () -> backend.attention(fused, shape, segments, out, logSumExp), LONG_ENOUGH));
        result.put(
                "backward_flops_per_second",
                2.5
                        * flops
                        / watch.secondsEach(
                                () -> backend.attentionBackward(fused, shape, segments, out, logSumExp, dOut, dFused),
                                LONG_ENOUGH));
    }

    private static double productRate(Backend backend, int rows, int inner, int columns) {
        Storage x = filled(backend, (long) rows * inner);
        Storage weight = weight(backend, (long) columns * inner);
        Storage out = backend.allocate((long) rows * columns);
        Tensor a = x.tensor(0, rows, inner);
        Tensor b = weight.tensor(0, columns, inner);
        Tensor c = out.tensor(0, rows, columns);
        double seconds = new Stopwatch(backend).secondsEach(() -> backend.linear(a, b, c, false), LONG_ENOUGH);
        x.free();
        weight.free();
        out.free();
        return 2.0 * rows * inner * columns / seconds;
    }

    /** Seconds of a product, of the gradient of its input, and of that of its weight. */
    private static double threeProducts(Backend backend, int rows, int inner, int columns) {
        Storage x = filled(backend, (long) rows * inner);
        Storage weight = weight(backend, (long) columns * inner);
        Storage out = filled(backend, (long) rows * columns);
        Storage gradient = backend.allocate((long) columns * inner);
        Tensor a = x.tensor(0, rows, inner);
        Tensor b = weight.tensor(0, columns, inner);
        Tensor c = out.tensor(0, rows, columns);
        Tensor d = gradient.tensor(0, columns, inner);
        Stopwatch watch = new Stopwatch(backend);
        double seconds = watch.secondsEach(() -> backend.linear(a, b, c, false), LONG_ENOUGH)
                + watch.secondsEach(() -> backend.linearBackwardInput(c, b, a, false), LONG_ENOUGH)
                + watch.secondsEach(() -> backend.linearBackwardWeight(c, a, d), LONG_ENOUGH);
        List.of(x, weight, out, gradient).forEach(Storage::free);
        return seconds;
    }

    /** As weights lie that are only read. */
    private static Storage weight(Backend backend, long size) {
        return backend.products() == Precision.BFLOAT16 ? fill(backend.allocateRounded(size)) : filled(backend, size);
    }

    private static Tensor random(Backend backend, int rows, int columns) {
        return filled(backend, (long) rows * columns).tensor(0, rows, columns);
    }

    private static Storage filled(Backend backend, long size) {
        return fill(backend.allocate(size));
    }

    /** Zeros would need less power than numbers, and be multiplied faster. */
    private static Storage fill(Storage storage) {
        DeviceShape.fill(storage);
        return storage;
    }
}
