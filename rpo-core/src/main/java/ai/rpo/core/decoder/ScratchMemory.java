package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Packed;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The memory that passes need beside weights and gradients, found by walking through one with tensors that have shapes
 * and no numbers. What a backend keeps to itself is not in it.
 */
public final class ScratchMemory {

    private final ModelConfig config;
    private final Optional<Lora> lora;
    private final Weights frozen;
    private final PackedBatch batch;
    private long live;
    private long most;

    private ScratchMemory(ModelConfig config, Optional<Lora> lora, Weights frozen, PackedBatch batch) {
        this.config = config;
        this.lora = lora;
        this.frozen = frozen;
        this.batch = batch;
    }

    /**
     * Counts what training on pairs needs.
     *
     * @param frozen tells which matrices are packed, if an adapter on them is trained
     * @param pairLength tokens of a prompt with either completion, half of them the prompt's
     * @param rows token rows computed at once; one pair at least
     * @return float32 elements
     */
    public static long ofTraining(
            ModelConfig config, Optional<Lora> lora, Weights frozen, int pairLength, int rows, boolean recompute) {
        ScratchMemory memory = new ScratchMemory(config, lora, frozen, batch(pairLength, rows));
        return memory.mostOf((decoder, weights, workspace) -> {
            Decoder.Pass pass = decoder.forward(weights, memory.batch, recompute, workspace);
            ParameterLayout trained = lora.map(adapter -> ParameterLayout.of(config, adapter))
                    .orElseGet(() -> ParameterLayout.of(config));
            Parameters gradients = new Parameters(trained, new Shapeless(trained.size(), () -> {}));
            decoder.backward(weights, pass, new double[memory.batch.completionCount()], gradients, workspace);
        });
    }

    /** Counts what scoring pairs needs; see {@link #ofTraining}. */
    public static long ofScoring(ModelConfig config, Weights frozen, int pairLength, int rows) {
        ScratchMemory memory = new ScratchMemory(config, Optional.empty(), frozen, batch(pairLength, rows));
        return memory.mostOf((decoder, weights, workspace) -> decoder.tokenLogps(weights, memory.batch, workspace));
    }

    private static PackedBatch batch(int pairLength, int rows) {
        int prompt = Math.max(1, pairLength / 2);
        int[] completion = new int[Math.max(1, pairLength - prompt)];
        Example pair = new Example(new int[prompt], List.of(completion, completion));
        List<Example> pairs = new ArrayList<>();
        do {
            pairs.add(pair);
        } while ((pairs.size() + 1L) * pair.packedRows() <= rows);
        return PackedBatch.of(pairs);
    }

    private interface Walk {
        void through(Decoder decoder, Parameters weights, Workspace workspace);
    }

    private long mostOf(Walk walk) {
        Backend backend = (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(),
                new Class<?>[] {Backend.class},
                (proxy, method, arguments) ->
                        method.getName().startsWith("allocate") ? allocate((long) arguments[0]) : null);
        Decoder decoder = new Decoder(config, lora, backend);
        ParameterLayout layout = ParameterLayout.of(config);
        Parameters model = new Parameters(layout, new Shapeless(layout.size(), () -> {})).with(packed(layout));
        Parameters weights = lora.map(adapter -> ParameterLayout.of(config, adapter))
                .map(own -> new Parameters(own, new Shapeless(own.size(), () -> {})).over(model))
                .orElse(model);
        Workspace workspace = new Workspace(backend);
        walk.through(decoder, weights, workspace);
        walk.through(decoder, weights, workspace); // the second finds what the first allocated in pieces joined
        return most;
    }

    private Map<String, Packed> packed(ParameterLayout layout) {
        Map<String, Packed> packed = new HashMap<>();
        for (ParameterLayout.Entry entry : layout.entries()) {
            frozen.packing(entry)
                    .ifPresent(packing -> packed.put(entry.name(), new PackedShape(entry.rows(), entry.columns())));
        }
        return packed;
    }

    private record PackedShape(int rows, int columns) implements Packed {}

    private Storage allocate(long size) {
        live += size;
        most = Math.max(most, live);
        return new Shapeless(size, () -> live -= size);
    }

    /** So many numbers that are nowhere. */
    private record Shapeless(long size, Runnable freed) implements Storage {

        @Override
        public Tensor tensor(long offset, int rows, int columns) {
            return new Shape(rows, columns);
        }

        @Override
        public void read(long offset, float[] target, int from, int length) {
            // nothing to read
        }

        @Override
        public void write(long offset, float[] source, int from, int length) {
            // nowhere to write
        }

        @Override
        public void free() {
            freed.run();
        }
    }

    private record Shape(int rows, int columns) implements Tensor {

        @Override
        public Tensor rows(int from, int to) {
            return new Shape(to - from, columns);
        }

        @Override
        public double[] toArray() { // which experts are chosen makes no difference to shapes
            return new double[Math.toIntExact(size())];
        }
    }
}
