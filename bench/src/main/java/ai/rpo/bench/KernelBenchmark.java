package ai.rpo.bench;

import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.AdamStep;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Segment;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The backends' operations on what one layer of SmolLM2-135M sees of two pairs of 128+128 tokens, and on its head. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KernelBenchmark {

    private static final int TOKENS = 764;
    private static final int HIDDEN = 576;
    private static final int INTERMEDIATE = 1536;
    private static final int VOCABULARY = 49152;
    private static final int TARGETS = 64;
    private static final int PARAMETERS = 1 << 22;
    private static final AttentionShape HEADS = new AttentionShape(9, 3, 64, 0.125);
    private static final List<Segment> SEGMENTS = List.of(
            new Segment(0, 128, 0, 0),
            new Segment(128, 127, 0, 128),
            new Segment(255, 127, 0, 128),
            new Segment(382, 128, 0, 0),
            new Segment(510, 127, 382, 128),
            new Segment(637, 127, 382, 128));

    /** Asks for a backend by its {@link ai.rpo.core.tensor.BackendProvider#key}. */
    @Param({"cpu", "nd4j"})
    String provider;

    /** What products may round their operands to; ask for bfloat16 with {@code -p precision=bfloat16}. */
    @Param("float32")
    String precision;

    private final Random random = new Random(1);
    private final int[] targets = random.ints(TARGETS, 0, VOCABULARY).toArray();
    private final int[] positions =
            IntStream.range(0, TOKENS).map(row -> row % 255).toArray();
    private final double[] coefficients = random.doubles(TARGETS).toArray();
    private final double[] logps = new double[TARGETS];
    private Backend backend;
    private Tensor x;
    private Tensor dX;
    private Tensor gain;
    private Tensor dGain;
    private Tensor perRow;
    private Tensor gateUp;
    private Tensor activated;
    private Tensor weight;
    private Tensor dWeight;
    private Tensor fused;
    private Tensor dFused;
    private Tensor mixed;
    private Tensor dMixed;
    private Tensor perHead;
    private Tensor cosine;
    private Tensor sine;
    private Tensor logits;
    private Tensor logSumExp;
    private Tensor parameters;
    private Tensor gradient;
    private Tensor first;
    private Tensor second;

    @Setup
    public void allocate() {
        backend = Backends.create(
                provider, Precision.of(precision), Runtime.getRuntime().availableProcessors());
        x = tensor(TOKENS, HIDDEN);
        dX = tensor(TOKENS, HIDDEN);
        gain = tensor(1, HIDDEN);
        dGain = tensor(1, HIDDEN);
        perRow = tensor(TOKENS, 1);
        gateUp = tensor(TOKENS, 2 * INTERMEDIATE);
        activated = tensor(TOKENS, INTERMEDIATE);
        weight = tensor(2 * INTERMEDIATE, HIDDEN);
        dWeight = tensor(2 * INTERMEDIATE, HIDDEN);
        fused = tensor(TOKENS, HEADS.fusedColumns());
        dFused = tensor(TOKENS, HEADS.fusedColumns());
        mixed = tensor(TOKENS, HEADS.queryColumns());
        dMixed = tensor(TOKENS, HEADS.queryColumns());
        perHead = tensor(TOKENS, HEADS.heads());
        cosine = tensor(TOKENS, HEADS.headDim() / 2);
        sine = tensor(TOKENS, HEADS.headDim() / 2);
        logits = tensor(TARGETS, VOCABULARY);
        logSumExp = tensor(TARGETS, 1);
        parameters = tensor(1, PARAMETERS);
        gradient = tensor(1, PARAMETERS);
        first = tensor(1, PARAMETERS);
        second = tensor(1, PARAMETERS);
        backend.zero(second);
        backend.attention(fused, HEADS, SEGMENTS, mixed, perHead);
        backend.targetLogps(logits, targets, 0, logps, logSumExp);
    }

    private Tensor tensor(int rows, int columns) {
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Storage storage = backend.allocate(values.length);
        storage.write(0, values, 0, values.length);
        return storage.tensor(0, rows, columns);
    }

    @Benchmark
    public void linear() {
        backend.linear(x, weight, gateUp, false);
    }

    @Benchmark
    public void linearBackwardInput() {
        backend.linearBackwardInput(gateUp, weight, dX, false);
    }

    @Benchmark
    public void linearBackwardWeight() {
        backend.linearBackwardWeight(gateUp, x, dWeight);
    }

    @Benchmark
    public void rmsNorm() {
        backend.rmsNorm(x, gain, 1e-5, dX, perRow);
    }

    @Benchmark
    public void rmsNormBackward() {
        backend.rmsNormBackward(x, gain, perRow, x, dX, dGain);
    }

    @Benchmark
    public void rotary() {
        backend.rotary(dFused, HEADS, positions, cosine, sine, false);
    }

    @Benchmark
    public void attention() {
        backend.attention(fused, HEADS, SEGMENTS, mixed, perHead);
    }

    @Benchmark
    public void attentionBackward() {
        backend.attentionBackward(fused, HEADS, SEGMENTS, mixed, perHead, dMixed, dFused);
    }

    @Benchmark
    public void gatedActivation() {
        backend.gatedActivation(gateUp, Activation.SILU, activated);
    }

    @Benchmark
    public void targetLogps() {
        backend.targetLogps(logits, targets, 0, logps, logSumExp);
    }

    @Benchmark
    public void targetLogpsBackward() {
        backend.targetLogpsBackward(logits, logSumExp, targets, 0, coefficients);
    }

    @Benchmark
    public void adam() {
        backend.adam(parameters, gradient, first, second, new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0.01, 10));
    }
}
