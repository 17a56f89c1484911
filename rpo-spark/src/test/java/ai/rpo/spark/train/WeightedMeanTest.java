package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import ai.rpo.spark.train.RoundOutput.Contribution;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightedMeanTest {

    @Test
    void weighsByPairs() {
        Contribution mean = WeightedMean.of(List.of(part(0, 3, 1, -4), part(1, 1, 5, 0)));
        assertArrayEquals(new float[] {2, -3}, mean.chunk().values());
        assertEquals(4, mean.pairs());
    }

    @Test
    void equalValuesStayAsTheyAre() {
        float third = 1f / 3;
        Contribution mean = WeightedMean.of(List.of(part(0, 7, third), part(1, 5, third), part(2, 1, third)));
        assertArrayEquals(new float[] {third}, mean.chunk().values());
    }

    @Test
    void aLoneWorkerPassesBitForBit() {
        Contribution alone = part(0, 3, Float.MIN_VALUE, -0f);
        assertSame(alone, WeightedMean.of(List.of(alone)));
    }

    private static Contribution part(int worker, long pairs, float... values) {
        return new Contribution(worker, pairs, new FloatChunk(values));
    }
}
