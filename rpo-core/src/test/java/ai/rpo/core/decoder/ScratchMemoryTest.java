package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Packing;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Workspace;
import java.lang.reflect.Proxy;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is foretold is what a pass with numbers allocates. */
class ScratchMemoryTest {

    private static final Weights NONE_PACKED = (entry, offset, target) -> {
        throw new AssertionError("only shapes are looked at");
    };

    private final PlainBackend plain = new PlainBackend();
    private long live;
    private long most;

    private final Backend counting = (Backend) Proxy.newProxyInstance(
            Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                Object result = method.invoke(plain, arguments);
                if (!method.getName().startsWith("allocate")) {
                    return result;
                }
                long size = (long) arguments[0];
                live += size;
                most = Math.max(most, live);
                Storage storage = (Storage) result;
                return Proxy.newProxyInstance(
                        Storage.class.getClassLoader(), new Class<?>[] {Storage.class}, (p, called, given) -> {
                            live -= called.getName().equals("free") ? size : 0;
                            return called.invoke(storage, given);
                        });
            });

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void training(String family) {
        ModelConfig config = SmallModel.family(family);
        int[] completion = {3, 4, 5, 6, 7};
        Example pair = new Example(new int[] {3, 4, 5, 6, 7}, List.of(completion, completion));
        PackedBatch batch = PackedBatch.of(List.of(pair, pair, pair));
        for (boolean recompute : new boolean[] {false, true}) {
            live = 0;
            most = 0;
            Parameters weights = SmallModel.random(config, plain, 1);
            Parameters gradients = SmallModel.zeros(config, plain);
            Decoder decoder = new Decoder(config, counting);
            Workspace workspace = new Workspace(counting);
            for (int i = 0; i < 2; i++) {
                Decoder.Pass pass = decoder.forward(weights, batch, recompute, workspace);
                decoder.backward(weights, pass, new double[] {1, 1, 1, 1, 1, 1}, gradients, workspace);
            }
            assertEquals(most, ScratchMemory.ofTraining(config, Optional.empty(), NONE_PACKED, 10, 40, recompute));
        }
    }

    @ParameterizedTest
    @MethodSource("ai.rpo.core.decoder.SmallModel#families")
    void recomputingAndScoringNeedLess(String family) {
        ModelConfig config = SmallModel.family(family, 6); // with two, what recomputing saves is less than a slab
        String first = config.architecture().projections(0).get(0).get(0);
        Optional<Lora> lora = Optional.of(new Lora(2, 1, 0, false, Set.of(first)));
        long kept = ScratchMemory.ofTraining(config, lora, NONE_PACKED, 16, 4000, false);
        long recomputed = ScratchMemory.ofTraining(config, lora, NONE_PACKED, 16, 4000, true);
        long scored = ScratchMemory.ofScoring(config, NONE_PACKED, 16, 4000);
        assertTrue(kept > recomputed, kept + " " + recomputed);
        assertTrue(recomputed > scored, recomputed + " " + scored);
    }

    /** A projection is unpacked while it is multiplied with: the largest of them is the scratch memory that this needs. */
    @Test
    void packedMatricesNeedRoomForTheLargest() {
        ModelConfig config = SmallModel.family("qwen3", 6);
        Optional<Lora> lora = Optional.of(new Lora(
                2,
                1,
                0,
                false,
                Set.of(config.architecture().projections(0).get(0).get(0))));
        Weights packed = new Weights() {
            @Override
            public void read(ParameterLayout.Entry entry, long offset, FloatBuffer target) {
                throw new AssertionError("only shapes are looked at");
            }

            @Override
            public Optional<Packing> packing(ParameterLayout.Entry entry) {
                return entry.name().endsWith("_proj.weight") ? Optional.of(Packing.NF4) : Optional.empty();
            }
        };
        long most = 2L * config.intermediateSize() * config.hiddenSize(); // of gate and up
        long more = ScratchMemory.ofTraining(config, lora, packed, 16, 4000, false)
                - ScratchMemory.ofTraining(config, lora, NONE_PACKED, 16, 4000, false);
        assertTrue(more >= 0 && more <= 2 * most, more + " " + most);
    }
}
