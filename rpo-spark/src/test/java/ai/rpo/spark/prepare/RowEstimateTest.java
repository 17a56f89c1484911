package ai.rpo.spark.prepare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RowEstimateTest {

    /** Of 1000 pieces of 500 rows each three are looked at; piece by piece they would seem half as many again. */
    @Test
    void aFewRowsOfManyPiecesAreEnough() {
        Random random = new Random(8);
        RowEstimate estimate = new RowEstimate();
        for (int piece = 0; piece < 1000; piece++) {
            long[] sizes = random.longs(500, 0, 1000)
                    .map(uniform -> 1 + (long) (-100 * Math.log((1 + uniform) / 1000.0)))
                    .toArray();
            estimate.add(Arrays.stream(sizes).sum(), 3, sizes[0] + sizes[1] + sizes[2]);
        }
        assertEquals(500_000, Arrays.stream(estimate.rows()).sum(), 20_000);
    }

    @Test
    void piecesWithRowsEnoughAreTakenAlone() {
        RowEstimate estimate = new RowEstimate();
        estimate.add(10_000, 100, 1_000);
        estimate.add(10_000, 100, 4_000);
        estimate.add(10_000, 1, 100);
        assertArrayEquals(new double[] {1_000, 250, 100}, estimate.rows(), 1e-9);
    }
}
