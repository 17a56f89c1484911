package ai.rpo.spark.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class OuterStepTest {

    /** By hand, with lr 0.5 and μ 0.8; v starts at 0. */
    @Test
    void twoStepsByHand() {
        OuterStep outer = new OuterStep(0.5, 0.8);

        // g = 1 − 0.6 = 0.4; v = 0.4; θ = 1 − 0.5·(0.4 + 0.8·0.4) = 0.64
        ByteBuffer theta = bytes(0.6f);
        ByteBuffer velocity = outer.apply(theta, bytes(1), bytes(0));
        assertArrayEquals(new float[] {0.64f}, floats(theta), 1e-7f);
        assertArrayEquals(new float[] {0.4f}, floats(velocity), 1e-7f);

        // g = 0.64 − 0.54 = 0.1; v = 0.8·0.4 + 0.1 = 0.42; θ = 0.64 − 0.5·(0.1 + 0.8·0.42) = 0.422
        ByteBuffer next = bytes(0.54f);
        velocity = outer.apply(next, theta, velocity);
        assertArrayEquals(new float[] {0.422f}, floats(next), 1e-7f);
        assertArrayEquals(new float[] {0.42f}, floats(velocity), 1e-7f);
    }

    @Test
    void aRateOfOneWithoutMomentumIsTheAverage() {
        ByteBuffer mean = bytes(0.25f, -3, 7.5f);
        new OuterStep(1, 0).apply(mean, bytes(1, 2, 3), bytes(0, 0, 0));
        assertArrayEquals(new float[] {0.25f, -3, 7.5f}, floats(mean));
    }

    private static ByteBuffer bytes(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        NetworkState.floats(bytes).put(values);
        return bytes;
    }

    private static float[] floats(ByteBuffer bytes) {
        float[] values = new float[bytes.remaining() / Float.BYTES];
        NetworkState.floats(bytes).get(values);
        return values;
    }
}
