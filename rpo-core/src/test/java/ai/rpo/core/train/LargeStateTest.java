package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps on more numbers than an int counts, with storages that only note which windows of them are taken. */
class LargeStateTest {

    /** Mistral 7B. */
    private static final ParameterLayout LAYOUT = ParameterLayout.of(ModelConfigParser.parse("""
            {
              "model_type": "mistral", "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336,
              "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
              "max_position_embeddings": 32768, "tie_word_embeddings": false, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """, "config.json"));

    private static final long PARAMETERS = 7_241_732_096L;

    private final List<Noted> allocated = new ArrayList<>();
    private final List<List<Window>> steps = new ArrayList<>();

    /** Takes nothing, and knows whose windows the operations are given. */
    private final Backend backend = (Backend) Proxy.newProxyInstance(
            Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                switch (method.getName()) {
                    case "allocate" -> {
                        Noted storage = new Noted((long) arguments[0]);
                        allocated.add(storage);
                        return storage;
                    }
                    case "adam", "add" -> {
                        List<Window> windows = new ArrayList<>();
                        for (Object argument : arguments) {
                            if (argument instanceof Window window) {
                                windows.add(window);
                            }
                        }
                        steps.add(windows);
                        return null;
                    }
                    case "norm" -> {
                        return 3.0;
                    }
                    default -> {
                        return null;
                    }
                }
            });

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1})
    void adamTakesEachParameterOnceWithItsOwnMoments(double decay) {
        AdamW adam = AdamW.withDefaults(decay);
        TrainState state = TrainState.allocate(backend, LAYOUT.size(), adam);
        assertEquals(
                List.of(PARAMETERS, 2 * PARAMETERS),
                allocated.stream().map(Noted::size).toList());

        Noted gradient = new Noted(PARAMETERS);
        adam.step(state, gradient, LAYOUT, 0.1, backend);
        long next = 0;
        for (List<Window> windows : steps) {
            int length = windows.get(0).columns();
            assertEquals(
                    List.of(
                            new Window(allocated.get(0), next, length),
                            new Window(gradient, next, length),
                            new Window(allocated.get(1), next, length),
                            new Window(allocated.get(1), PARAMETERS + next, length)),
                    windows);
            next += length;
        }
        assertEquals(PARAMETERS, next);
    }

    @Test
    void plainDescentKeepsNoMomentsAndTakesEachParameterOnce() {
        Sgd sgd = new Sgd(0);
        TrainState state = TrainState.allocate(backend, LAYOUT.size(), sgd);
        assertEquals(List.of(PARAMETERS), allocated.stream().map(Noted::size).toList());
        sgd.step(state, new Noted(PARAMETERS), LAYOUT, 0.1, backend);
        assertEquals(
                PARAMETERS,
                steps.stream().mapToLong(windows -> windows.get(1).columns()).sum());
    }

    @Test
    void theNormIsOfAllNumbers() {
        FlatVector vector = FlatVector.of(new Noted(PARAMETERS), backend);
        assertEquals(7, vector.parts().size());
        assertEquals(3 * Math.sqrt(7), vector.norm(), 1e-12);
    }

    @Test
    void aCountThatNoLongHoldsIsNoCount() {
        assertThrows(
                ArithmeticException.class,
                () -> TrainState.allocate(backend, Long.MAX_VALUE / 2 + 1, AdamW.withDefaults(0)));
    }

    /** So many numbers that are nowhere. */
    private static final class Noted implements Storage {

        private final long size;

        Noted(long size) {
            this.size = size;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public Tensor tensor(long offset, int rows, int columns) {
            assertEquals(1, rows);
            assertEquals(offset, java.util.Objects.checkFromIndexSize(offset, (long) columns, size));
            return new Window(this, offset, columns);
        }

        @Override
        public void read(long offset, float[] target, int from, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void write(long offset, float[] source, int from, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void free() {}
    }

    private record Window(Noted of, long offset, int columns) implements Tensor {

        @Override
        public int rows() {
            return 1;
        }

        @Override
        public Tensor rows(int from, int to) {
            throw new UnsupportedOperationException();
        }

        @Override
        public double[] toArray() {
            throw new UnsupportedOperationException();
        }
    }
}
