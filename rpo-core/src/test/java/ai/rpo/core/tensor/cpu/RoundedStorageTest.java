package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoundedStorageTest {

    @Test
    void holdsWhatWasWrittenRoundedToTheNearest() {
        Random random = new Random(1);
        float[] written = new float[1001];
        for (int i = 0; i < written.length; i++) {
            written[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(60) - 30));
        }
        written[7] = Float.NaN;
        written[8] = Float.NEGATIVE_INFINITY;
        written[9] = -0f;
        RoundedStorage storage = new RoundedStorage(1100);
        storage.write(33, written, 1, 1000);
        float[] read = new float[1002];
        storage.read(33, read, 2, 1000);
        for (int i = 1; i < written.length; i++) {
            assertEquals(
                    Float.isNaN(written[i]) ? Float.NaN : RoundedProducts.rounded(written[i]),
                    read[i + 1],
                    "element " + i);
        }
        assertArrayEquals(
                new double[] {0, 0, read[2], read[3]}, storage.tensor(31, 2, 2).toArray());
        assertArrayEquals(
                new double[] {read[2], read[3]},
                storage.tensor(31, 2, 2).rows(1, 2).toArray());
        assertThrows(IndexOutOfBoundsException.class, () -> storage.tensor(1099, 1, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> storage.write(1099, written, 0, 2));
        storage.free();
    }

    @Test
    void aTableOfItIsLookedUpWithoutLoss() {
        CpuBackend backend = CpuBackend.create(false, 2);
        RoundedStorage table = new RoundedStorage(7 * 65);
        float[] values = new float[7 * 65];
        for (int i = 0; i < values.length; i++) {
            values[i] = i - 200;
        }
        table.write(0, values, 0, values.length);
        Storage found = backend.allocate(3 * 65);
        backend.gatherRows(table.tensor(0, 7, 65), new int[] {6, 0, 6}, found.tensor(0, 3, 65));
        Tensor whole = table.tensor(0, 7, 65);
        assertArrayEquals(whole.rows(6, 7).toArray(), found.tensor(0, 1, 65).toArray());
        assertArrayEquals(whole.rows(0, 1).toArray(), found.tensor(65, 1, 65).toArray());
        assertArrayEquals(whole.rows(6, 7).toArray(), found.tensor(130, 1, 65).toArray());
    }
}
