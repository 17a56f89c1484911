package ai.rpo.core.decoder;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Packed;
import ai.rpo.core.tensor.ShapeBackend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Workspace;
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
        PackedBatch batch = batch(pairLength, rows);
        if (lora.isPresent() && lora.get().dropout() > 0) {
            batch.with(new long[0]); // any seeds, so that dropout has its copies
        }
        ScratchMemory memory = new ScratchMemory(config, lora, frozen, batch);
        return memory.mostOf((decoder, weights, workspace) -> {
            Decoder.Pass pass = decoder.forward(weights, memory.batch, recompute, workspace);
            ParameterLayout trained = lora.map(adapter -> ParameterLayout.of(config, adapter))
                    .orElseGet(() -> ParameterLayout.of(config));
            Parameters gradients = new Parameters(trained, elsewhere(trained.size()));
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
        ShapeBackend backend = new ShapeBackend();
        Decoder decoder = new Decoder(config, lora, backend);
        ParameterLayout layout = ParameterLayout.of(config);
        Parameters model = new Parameters(layout, elsewhere(layout.size())).with(packed(layout));
        Parameters weights = lora.map(adapter -> ParameterLayout.of(config, adapter))
                .map(own -> new Parameters(own, elsewhere(own.size())).over(model))
                .orElse(model);
        Workspace workspace = new Workspace(backend);
        walk.through(decoder, weights, workspace);
        walk.through(decoder, weights, workspace); // the second finds what the first allocated in pieces joined
        return backend.most();
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

    /** Allocates what passes find there, such as weights. */
    private static Storage elsewhere(long size) {
        return new ShapeBackend().allocate(size);
    }
}
