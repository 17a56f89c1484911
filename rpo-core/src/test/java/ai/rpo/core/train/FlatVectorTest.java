package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Storage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlatVectorTest {

    private final PlainBackend backend = new PlainBackend();

    /** What storages of more numbers than a tensor counts need. */
    @ParameterizedTest
    @CsvSource({"100, 1", "7, 1", "3, 3", "1, 7"})
    void isTheSameInAnyNumberOfParts(int largest, int parts) {
        Storage storage = backend.allocate(7);
        storage.write(0, new float[] {1, -2, 3, 0, 5, -6, 7}, 0, 7);
        FlatVector vector = FlatVector.of(storage, backend, largest);
        assertEquals(parts, vector.parts().size());
        assertEquals(Math.sqrt(1 + 4 + 9 + 25 + 36 + 49), vector.norm(), 1e-12);
        vector.scale(0.5);
        assertArrayEquals(new float[] {0.5f, -1, 1.5f, 0, 2.5f, -3, 3.5f}, read(storage));
        vector.zero();
        assertArrayEquals(new float[7], read(storage));
    }

    private static float[] read(Storage storage) {
        float[] values = new float[7];
        storage.read(0, values, 0, 7);
        return values;
    }
}
