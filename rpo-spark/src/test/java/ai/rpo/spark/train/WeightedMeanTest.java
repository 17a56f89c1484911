package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightedMeanTest {

    @Test
    void weighsByPairs() {
        WeightedMean mean = new WeightedMean(4);
        mean.add(List.of(part(3, 1, -4), part(1, 5, 0)));
        assertArrayEquals(new float[] {2, -3}, numbers(mean.toBytes()));
    }

    @Test
    void equalValuesStayAsTheyAre() {
        float third = 1f / 3;
        WeightedMean mean = new WeightedMean(13);
        mean.add(List.of(part(7, third), part(5, third), part(1, third)));
        assertArrayEquals(new float[] {third}, numbers(mean.toBytes()));
    }

    /** Longer than what is summed at once, with a short end. */
    @Test
    void partsMayComeInSeveralGroups() {
        float[] one = numbers(20_001, 1);
        float[] two = numbers(20_001, 2);
        float[] three = numbers(20_001, 3);
        WeightedMean together = new WeightedMean(9);
        together.add(List.of(part(2, one), part(3, two), part(4, three)));
        WeightedMean inTurn = new WeightedMean(9);
        inTurn.add(List.of(part(2, one), part(3, two)));
        assertThrows(IllegalStateException.class, inTurn::toBytes);
        inTurn.add(List.of(part(4, three)));

        assertArrayEquals(numbers(together.toBytes()), numbers(inTurn.toBytes()));
        float[] expected = new float[one.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (float) ((2.0 * one[i] + 3.0 * two[i] + 4.0 * three[i]) / 9);
        }
        assertArrayEquals(expected, numbers(inTurn.toBytes()), 1e-6f);
    }

    private static float[] numbers(int count, int seed) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) Math.sin(seed * i);
        }
        return numbers;
    }

    private static WeightedMean.Part part(long pairs, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        NetworkState.floats(bytes).put(values);
        return new WeightedMean.Part(bytes, pairs);
    }

    private static float[] numbers(ByteBuffer bytes) {
        float[] numbers = new float[bytes.remaining() / Float.BYTES];
        NetworkState.floats(bytes).get(numbers);
        return numbers;
    }
}
