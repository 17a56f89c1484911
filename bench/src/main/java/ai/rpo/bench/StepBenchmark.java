package ai.rpo.bench;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.BasePrecision;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Times whole steps: {@code train|score SHAPE PROMPT RESPONSE PAIRS STEPS [bf16] [recompute] [ragged] [lora [nf4|int8]]}. Prints the median
 * after two steps of warm-up, in the units of the peer's benchmark, the rate of the arithmetic that is needed beside the
 * rate of one large product on this machine, and what a step allocates on the heap. Where lengths are ragged, those of each
 * pair are drawn anew, from half to one and a half times those given; else every step takes the same batch.
 */
public final class StepBenchmark {

    private static final int WARM_UP = 2;
    private static final int PRODUCT = 1600;

    private StepBenchmark() {}

    public static void main(String[] args) throws IOException {
        List<String> options = List.of(args);
        Shape shape = Shape.valueOf(args[1].toUpperCase(Locale.ROOT));
        int prompt = Integer.parseInt(args[2]);
        int response = Integer.parseInt(args[3]);
        int pairs = Integer.parseInt(args[4]);
        int steps = Integer.parseInt(args[5]);
        Precision precision = options.contains("bf16") ? Precision.BFLOAT16 : Precision.FLOAT32;
        Supplier<List<TrainingExample>> batches = options.contains("ragged")
                ? raggedBatches(shape, pairs, prompt, response)
                : always(shape.pairs(pairs, prompt, response));
        boolean train = args[0].equals("train");
        Runnable step = train
                ? trainStep(shape, pairs, batches, precision, options.contains("recompute"), lora(options))
                : scoreStep(shape, batches, precision);
        warmUp(step);
        long allocated = allocatedBytes();
        double seconds = medianSeconds(step, steps);
        double allocatedPerStep = (double) (allocatedBytes() - allocated) / steps;
        double peak = peakMegabytes();
        int passes = !train ? 1 : options.contains("lora") ? 2 : 3; // frozen weights need no gradient
        double flops = pairs * shape.forwardFlops(prompt, response) * passes;
        System.out.printf(
                Locale.ROOT,
                "%s shape=%s %d+%d pairs=%d %s: median %.3f s, %.3f pairs/s, %.0f tokens/s, %.1f GFLOP/s (%.0f %% of a product's), peak %.0f MB, %.2f MB allocated a step%n",
                args[0],
                shape,
                prompt,
                response,
                pairs,
                precision.key(),
                seconds,
                pairs / seconds,
                pairs * 2 * (prompt + response) / seconds,
                flops / seconds / 1e9,
                100 * flops / seconds / productRate(),
                peak,
                allocatedPerStep / (1 << 20));
    }

    private static Optional<LoraSettings> lora(List<String> options) {
        BasePrecision base = options.contains("nf4")
                ? BasePrecision.NF4
                : options.contains("int8") ? BasePrecision.INT8 : BasePrecision.AS_STORED;
        return options.contains("lora")
                ? Optional.of(new LoraSettings(16, 32, 0, List.of("all-linear"), false, base))
                : Optional.empty();
    }

    private static Supplier<List<TrainingExample>> always(List<TrainingExample> batch) {
        return () -> batch;
    }

    private static Supplier<List<TrainingExample>> raggedBatches(Shape shape, int pairs, int prompt, int response) {
        Random random = new Random(3);
        return () -> IntStream.range(0, pairs)
                .mapToObj(i -> shape.pairs(1, about(prompt, random), about(response, random))
                        .get(0))
                .toList();
    }

    private static int about(int length, Random random) {
        return length / 2 + random.nextInt(length + 1);
    }

    private static Runnable trainStep(
            Shape shape,
            int pairs,
            Supplier<List<TrainingExample>> batches,
            Precision precision,
            boolean recompute,
            Optional<LoraSettings> lora)
            throws IOException {
        TrainSettings settings = new TrainSettings(
                1,
                pairs,
                4096,
                recompute,
                5e-7,
                0,
                TrainSettings.Schedule.CONSTANT,
                TrainSettings.Optimizer.ADAMW,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                1,
                0,
                false,
                1,
                1,
                1,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
        RpoObjective loss = RpoObjective.paper(0.01, 0.005);
        int threads = Runtime.getRuntime().availableProcessors();
        if (lora.isPresent()) {
            Path folder = Files.createTempDirectory("rpo-bench-");
            Trainable adapter = shape.adapter(lora.get(), folder);
            Weights frozen = adapter.start().with(lora.get().basePrecision()).weights();
            PolicyNetwork network =
                    PolicyNetwork.create(TrainPlan.of(adapter, loss, settings, precision, 1000, threads));
            network.freeze(backend -> Parameters.readOnly(shape.config(), frozen, backend));
            new Parameters(adapter.layout(), network.state().parameters()).load(adapter.initial());
            for (String file : List.of("config.json", "model.safetensors", "")) {
                Files.delete(folder.resolve(file));
            }
            return () -> network.step(batches.get());
        }
        PolicyNetwork network =
                PolicyNetwork.create(TrainPlan.of(shape.json(), loss, settings, precision, 1000, threads));
        shape.initialise(network.state().parameters());
        return () -> network.step(batches.get());
    }

    private static Runnable scoreStep(Shape shape, Supplier<List<TrainingExample>> batches, Precision precision) {
        Backend backend = Backends.create(precision, Runtime.getRuntime().availableProcessors());
        Parameters weights = Parameters.readOnly(shape.config(), shape.weights(), backend);
        ReferenceScorer scorer = new ReferenceScorer(new Decoder(shape.config(), backend), weights);
        return () -> scorer.completionLogps(
                batches.get().stream().map(TrainingExample::example).toList());
    }

    private static void warmUp(Runnable step) {
        for (int i = 0; i < WARM_UP; i++) {
            step.run();
        }
    }

    private static double medianSeconds(Runnable step, int steps) {
        double[] seconds = new double[steps];
        for (int i = 0; i < steps; i++) {
            long start = System.nanoTime();
            step.run();
            seconds[i] = (System.nanoTime() - start) / 1e9;
        }
        Arrays.sort(seconds);
        return seconds[steps / 2];
    }

    /** Floating-point operations a second of one large float32 product. */
    private static double productRate() {
        Backend backend =
                Backends.create(Precision.FLOAT32, Runtime.getRuntime().availableProcessors());
        Tensor a = backend.allocate((long) PRODUCT * PRODUCT).tensor(0, PRODUCT, PRODUCT);
        Tensor b = backend.allocate((long) PRODUCT * PRODUCT).tensor(0, PRODUCT, PRODUCT);
        Tensor c = backend.allocate((long) PRODUCT * PRODUCT).tensor(0, PRODUCT, PRODUCT);
        Runnable product = () -> backend.linear(a, b, c, false);
        warmUp(product);
        return 2.0 * PRODUCT * PRODUCT * PRODUCT / medianSeconds(product, 9);
    }

    /** By all threads that live now, on the heap. */
    private static long allocatedBytes() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
                .filter(bytes -> bytes > 0)
                .sum();
    }

    /** The process's largest resident size so far; NaN where the system does not tell. */
    private static double peakMegabytes() {
        OptionalLong peak = MemoryInUse.mostOfProcess();
        return peak.isPresent() ? peak.getAsLong() / 0x1p20 : Double.NaN;
    }
}
