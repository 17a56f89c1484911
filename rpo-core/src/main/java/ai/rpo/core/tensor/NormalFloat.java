package ai.rpo.core.tensor;

/** The sixteen levels of {@link Packing#NF4}: quantiles of a normal distribution, scaled to [−1, 1], zero among them. */
public final class NormalFloat {

    private static final float[] LEVELS = {
        -1f,
        -0.6961928009986877f,
        -0.5250730514526367f,
        -0.39491748809814453f,
        -0.28444138169288635f,
        -0.18477343022823334f,
        -0.09105003625154495f,
        0f,
        0.07958029955625534f,
        0.16093020141124725f,
        0.24611230194568634f,
        0.33791524171829224f,
        0.44070982933044434f,
        0.5626170039176941f,
        0.7229568362236023f,
        1f
    };

    private NormalFloat() {}

    /** Returns a copy of the levels, in rising order. */
    public static float[] levels() {
        return LEVELS.clone();
    }

    /** Returns the level of a code from 0 to 15. */
    public static float level(int code) {
        return LEVELS[code];
    }

    /** Finds the code of the nearest level; of two that are equally near, the lower. */
    public static int nearest(float x) {
        int low = 0;
        int high = LEVELS.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (x > (LEVELS[middle] + LEVELS[middle + 1]) / 2) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
