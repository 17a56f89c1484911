package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RowMathTest {

    static Stream<RowMath> implementations() {
        return Stream.of(new LoopMath(), new VectorMath());
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void exponentialsAreAccurateToTheLastDigits(RowMath math) {
        int count = 1 << 20;
        float[] x = new float[count];
        float[] e = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = -87 + 175f * i / count;
            e[i] = x[i] + 1;
        }
        math.exponentials(e, count, 1);
        for (int i = 0; i < count; i++) {
            double exact = Math.exp((float) (x[i] + 1) - 1);
            assertEquals(1, e[i] / exact, 2e-7, "exp(" + x[i] + ")");
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void exponentialsOfExtremes(RowMath math) {
        for (int length = 1; length < 40; length++) {
            float[] x = new float[40];
            Arrays.fill(x, 0, length, -1e4f);
            x[length - 1] = 0;
            assertEquals(1, math.exponentials(x, length, 0));
            assertEquals(length > 1 ? 0 : 1, x[0]);
            x[0] = Float.NaN;
            assertTrue(Float.isNaN(math.exponentials(x, length, 0)));
            x[0] = Float.NEGATIVE_INFINITY;
            math.exponentials(x, length, 0);
            assertEquals(0, x[0]);
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void bfloat16IsTheUpperHalfOfAFloat(RowMath math) {
        for (int length = 0; length < 100; length++) {
            short[] halves = new short[length + 3];
            float[] wide = new float[length + 1];
            wide[length] = 5;
            for (int i = 0; i < halves.length; i++) {
                halves[i] = (short) (i * 7919);
            }
            math.widen(halves, 3, wide, length);
            for (int i = 0; i < length; i++) {
                assertEquals(halves[i + 3] << Short.SIZE, Float.floatToRawIntBits(wide[i]));
            }
            Random random = new Random(length);
            float[] numbers = new float[length];
            double dot = 0;
            for (int i = 0; i < length; i++) {
                halves[i + 3] = (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >> Short.SIZE);
                numbers[i] = (float) random.nextGaussian();
                dot += (double) Float.intBitsToFloat(halves[i + 3] << Short.SIZE) * numbers[i];
            }
            assertEquals(dot, math.dot(halves, 3, numbers, length), 1e-4);
            assertEquals(5, wide[length], "written past the end");
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void reductionsTakeEveryElementOnce(RowMath math) {
        Random random = new Random(1);
        for (int length = 1; length < 100; length++) {
            float[] a = new float[100];
            float[] b = new float[100];
            double dot = 0;
            for (int i = 0; i < 100; i++) {
                a[i] = (float) random.nextGaussian();
                b[i] = (float) random.nextGaussian();
                dot += i < length ? (double) a[i] * b[i] : 0;
            }
            assertEquals(dot, math.dot(a, b, length), 1e-5);
            for (int i = 0; i < length; i++) {
                float[] x = a.clone();
                x[i] = 10;
                x[99] = 11;
                assertEquals(length == 100 ? 11 : 10, math.max(x, length));
                x[i] = Float.NaN;
                assertTrue(Float.isNaN(math.max(x, length)));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("implementations")
    void sigmoidKeepsToItsRange(RowMath math) {
        float[] x = {-1e30f, -100, -20, -1, 0, 1e-8f, 1, 20, 100, 1e30f};
        float[] s = x.clone();
        math.sigmoid(s, s.length);
        for (int i = 0; i < x.length; i++) {
            assertEquals(1 / (1 + Math.exp(-x[i])), s[i], 1e-7, "σ(" + x[i] + ")");
        }
        assertEquals(1, s[2] / (1 / (1 + Math.exp(20))), 1e-6);
    }
}
