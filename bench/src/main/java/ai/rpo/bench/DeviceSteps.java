package ai.rpo.bench;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.ScratchMemory;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.AdapterConfig;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.AdamW;
import ai.rpo.core.train.LearningRateSchedule;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.TrainState;
import ai.rpo.core.train.Trainer;
import ai.rpo.core.train.TrainingMemory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Whole steps of training and of scoring, with as many of a model's blocks as the device, and the host where the optimizer's
 * state is there, have room for.
 */
final class DeviceSteps {

    private static final int ROUND = 64; // steps, of which an exchange is told as a share
    private static final double HOST_SHARE = 0.85; // of the host's memory, that a state may take
    private static final double PACKED_ROWS = 1.5; // of a pair, in lengths of its prompt with one completion

    private final BenchmarkOptions options;
    private final Backend backend;
    private final DeviceShape shape;
    private final int prompt;
    private final int response;
    private final int pairs;
    private final int rows;
    private final boolean recompute;
    private final boolean host;

    private DeviceSteps(BenchmarkOptions options) {
        this.options = options;
        backend = options.open();
        shape = DeviceShape.named(options.text("shape", "smollm2"));
        prompt = options.number("prompt", 512);
        response = options.number("response", 512);
        pairs = options.number("pairs", 4);
        rows = options.number("rows", Math.max(4096, (int) Math.ceil(PACKED_ROWS * (prompt + response))));
        recompute = options.is("recompute");
        host = options.text("home", "device").equals("host");
    }

    /** Times optimizer steps on one batch, and what a round's exchange asks of the device. */
    static void train(BenchmarkOptions options, ObjectNode result) {
        new DeviceSteps(options).train(result);
    }

    /** Times log-probabilities of one batch. */
    static void score(BenchmarkOptions options, ObjectNode result) {
        new DeviceSteps(options).score(result);
    }

    private void train(ObjectNode result) {
        DeviceShape model = shape.withLayers(most(layers -> fitsTraining(shape.withLayers(layers))));
        ModelConfig config = model.config();
        Optional<Lora> lora = lora(config);
        Backend home = host ? hostMemory() : backend;
        try (Trainer trainer = new Trainer(plan(model, lora), backend, home)) {
            if (lora.isPresent()) {
                trainer.freeze(device -> Parameters.readOnly(config, DeviceShape.weights(), device));
                DeviceShape.fill(trainer.state().parameters());
            } else {
                new Parameters(ParameterLayout.of(config), trainer.state().parameters()).load(DeviceShape.weights());
            }
            List<TrainingExample> batch = Shape.pairs(config, pairs, prompt, response);
            // frozen weights need no gradient
            double seconds = time(() -> trainer.step(batch), model, lora.isPresent() ? 2 : 3, result);
            double exchange = exchange(trainer.state());
            result.put("exchange_seconds", exchange);
            result.put("exchange_share", exchange / (ROUND * seconds + exchange));
        }
    }

    private void score(ObjectNode result) {
        DeviceShape model = shape.withLayers(most(layers -> fitsScoring(shape.withLayers(layers))));
        ModelConfig config = model.config();
        Parameters weights = Parameters.readOnly(config, DeviceShape.weights(), backend);
        List<Example> batch = Shape.pairs(config, pairs, prompt, response).stream()
                .map(TrainingExample::example)
                .toList();
        try (ReferenceScorer scorer = new ReferenceScorer(new Decoder(config, backend), weights)) {
            time(() -> scorer.completionLogps(batch), model, 1, result);
        }
    }

    /**
     * @param passes forward ones, in whose operations a step is counted
     * @return seconds of a step, the median
     */
    private double time(Runnable step, DeviceShape model, int passes, ObjectNode result) {
        List<Double> steps =
                new Stopwatch(backend).steps(step, options.number("steps", 5), options.number("seconds", 30));
        double seconds = Stopwatch.median(steps);
        result.put("layers", model.layers());
        result.put("of_layers", shape.layers());
        result.put("parameters", model.parameters());
        result.put("seconds", seconds);
        result.putPOJO("steps_seconds", steps);
        result.put("pairs_per_second", pairs / seconds);
        result.put("tokens_per_second", 2.0 * pairs * (prompt + response) / seconds);
        result.put("flops_per_second", passes * pairs * Shape.forwardFlops(model.config(), prompt, response) / seconds);
        MemoryInUse.ofDevice().ifPresent(bytes -> result.put("device_memory_bytes", bytes));
        MemoryInUse.mostOfProcess().ifPresent(bytes -> result.put("host_memory_bytes", bytes));
        return seconds;
    }

    /** @throws RpoException if it cannot be had: ND4J owns it, and is not in every archive */
    private Backend hostMemory() {
        try {
            return Backends.besideDevice(options.threads());
        } catch (LinkageError e) {
            throw RpoException.configuration(
                    "Cannot keep an optimizer's state on the host: ND4J, which gives the memory, is"
                            + " not in this archive. Make one with ND4J=1 bench/gpu-pack.sh.");
        }
    }

    private TrainPlan plan(DeviceShape model, Optional<Lora> lora) {
        return new TrainPlan(
                model.json(),
                lora.map(adapter -> AdapterConfig.text(model.config(), adapter, ""))
                        .orElse(null),
                0,
                RpoObjective.paper(0.01, 0.005),
                AdamW.withDefaults(0),
                host ? TrainSettings.OptimizerDevice.HOST : TrainSettings.OptimizerDevice.DEVICE,
                new LearningRateSchedule(5e-7, 0, 1000, TrainSettings.Schedule.CONSTANT),
                rows,
                recompute,
                1,
                0,
                options.precision(),
                options.threads());
    }

    private Optional<Lora> lora(ModelConfig config) {
        return options.is("lora")
                ? Optional.of(LoraSettings.builder().rank(16).alpha(32).build().of(config))
                : Optional.empty();
    }

    /** @throws RpoException if there is no room for one block */
    private int most(IntPredicate fits) {
        for (int layers = options.number("layers", shape.layers()); layers > 0; layers--) {
            if (fits.test(layers)) {
                return layers;
            }
        }
        throw RpoException.configuration("Cannot measure " + options.text("shape", "") + " here: one of its blocks with"
                + " embeddings and head does not fit. Take a smaller shape, or fewer rows.");
    }

    private boolean fitsTraining(DeviceShape model) {
        ModelConfig config = model.config();
        Optional<Lora> lora = lora(config);
        long scratch =
                ScratchMemory.ofTraining(config, lora, DeviceShape.weights(), prompt + response, rows, recompute);
        TrainingMemory memory = TrainingMemory.of(config, lora, 2, scratch, options.precision(), host);
        long frozen = lora.isPresent() ? Parameters.bytesOfCopy(config, options.precision()) : 0;
        return fits(memory.device() + frozen)
                && (memory.host() == 0
                        || memory.host() <= HOST_SHARE * MemoryInUse.ofHost().orElse(Long.MAX_VALUE));
    }

    private boolean fitsScoring(DeviceShape model) {
        long scratch = ScratchMemory.ofScoring(model.config(), DeviceShape.weights(), prompt + response, rows);
        return fits(Float.BYTES * scratch + Parameters.bytesOfCopy(model.config(), options.precision()));
    }

    private boolean fits(long bytes) {
        return backend.deviceMemory().isEmpty()
                || bytes <= backend.deviceMemory().getAsLong() - TrainingMemory.RESERVE;
    }

    /** Seconds in which a worker's whole state leaves where it lies and comes back, from the rate of its first gigabyte. */
    private static double exchange(TrainState state) {
        float[] piece = new float[1 << 22];
        long all =
                state.parameters().size() + state.moments().map(Storage::size).orElse(0L);
        long some = Math.min(1L << 28, state.parameters().size());
        long start = System.nanoTime();
        for (long from = 0; from < some; from += piece.length) {
            int length = (int) Math.min(piece.length, some - from);
            state.parameters().read(from, piece, 0, length);
            state.parameters().write(from, piece, 0, length);
        }
        return Stopwatch.secondsSince(start) * all / some;
    }
}
