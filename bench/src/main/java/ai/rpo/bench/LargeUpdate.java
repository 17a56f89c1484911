package ai.rpo.bench;

import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.train.AdamW;
import ai.rpo.core.train.TrainState;
import java.util.Locale;

/**
 * Takes AdamW's first step on all parameters of a shape and checks each of them and its moments: {@code SHAPE}. The gradient is the
 * parameters themselves, so that their memory is enough: m = 0.1·θ, v = 0.001·θ² and θ' = θ − α·θ/(|θ| + ε).
 */
public final class LargeUpdate {

    private static final double RATE = 0.1;
    private static final int PIECE = 1 << 20;

    private LargeUpdate() {}

    public static void main(String[] args) {
        Shape shape = Shape.valueOf(args[0].toUpperCase(Locale.ROOT));
        ParameterLayout layout = ParameterLayout.of(shape.config());
        Backend backend =
                Backends.create(Precision.FLOAT32, Runtime.getRuntime().availableProcessors());
        AdamW adam = AdamW.withDefaults(0);
        TrainState state = TrainState.allocate(backend, layout.size(), adam);
        float[] values = new float[PIECE];
        for (long from = 0; from < layout.size(); from += PIECE) {
            int length = (int) Math.min(PIECE, layout.size() - from);
            for (int i = 0; i < length; i++) {
                values[i] = start(from + i);
            }
            state.parameters().write(from, values, 0, length);
        }
        long began = System.nanoTime();
        adam.step(state, state.parameters(), layout, RATE, backend);
        double seconds = (System.nanoTime() - began) / 1e9;
        Storage moments = state.moments().orElseThrow();
        double worst = 0;
        float[] firsts = new float[PIECE];
        float[] squares = new float[PIECE];
        for (long from = 0; from < layout.size(); from += PIECE) {
            int length = (int) Math.min(PIECE, layout.size() - from);
            state.parameters().read(from, values, 0, length);
            moments.read(from, firsts, 0, length);
            moments.read(layout.size() + from, squares, 0, length);
            for (int i = 0; i < length; i++) {
                double before = start(from + i);
                worst = Math.max(worst, Math.abs(firsts[i] / (0.1 * before) - 1));
                worst = Math.max(worst, Math.abs(squares[i] / (0.001 * before * before) - 1));
                worst = Math.max(worst, Math.abs(values[i] - (before - RATE * before / (Math.abs(before) + 1e-8))));
            }
        }
        System.out.println(String.format(
                Locale.ROOT,
                "%s: AdamW on %,d parameters with %,d moments in %.1f s; largest relative error of a moment, or error of a parameter: %.1e",
                shape,
                layout.size(),
                moments.size(),
                seconds,
                worst));
    }

    /** From −2 to 2 and never near 0, other ones next to each other. */
    private static float start(long place) {
        int mixed = (int) (place * 0x9E3779B97F4A7C15L >>> 40);
        return (mixed & 1) == 0 ? 1 + mixed * 0x1p-24f : -1 - mixed * 0x1p-24f;
    }
}
