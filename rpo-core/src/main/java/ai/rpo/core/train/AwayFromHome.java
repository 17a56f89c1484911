package ai.rpo.core.train;

import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Transfers;
import java.util.List;

/**
 * Lets one backend compute on weights that another one updates: it has a copy of them, and its gradients come home in
 * pieces. While one is used up the next is on its way, so that nothing but the state itself is as large as that at home.
 */
final class AwayFromHome {

    private static final int PIECE = 1 << 22; // parameters

    private final ParameterLayout layout;
    private final Backend home;
    private final Parameters weights;
    private final float[] piece;
    private final Storage gradientAtHome;
    private final Transfers transfers;

    AwayFromHome(TrainPlan plan, Backend backend, Backend home) {
        this(plan, backend, home, PIECE);
    }

    /** @param largest parameters of a piece */
    AwayFromHome(TrainPlan plan, Backend backend, Backend home, int largest) {
        layout = plan.layout();
        this.home = home;
        weights = plan.lora().isPresent()
                ? new Parameters(layout, backend.allocate(layout.size()))
                : Parameters.copyOfTrained(plan.model(), backend);
        piece = new float[(int) Math.min(largest, layout.size())];
        gradientAtHome = home.allocate(piece.length);
        transfers = backend.transfers(piece.length);
    }

    /** Returns the copy. */
    Parameters weights() {
        return weights;
    }

    /** Copies the weights. */
    void refresh(Storage parameters) {
        weights.copyFrom(parameters, piece, transfers);
    }

    /** Takes an optimizer step at home. */
    void step(Optimizer optimizer, TrainState state, Storage gradient, double rate) {
        List<Optimizer.Stretch> stretches = Optimizer.Stretch.of(layout, optimizer.weightDecay(), piece.length);
        start(stretches.get(0), gradient);
        for (int i = 0; i < stretches.size(); i++) {
            Optimizer.Stretch stretch = stretches.get(i);
            if (i + 1 < stretches.size()) {
                start(stretches.get(i + 1), gradient);
            }
            transfers.finishRead(piece);
            gradientAtHome.write(0, piece, 0, stretch.size());
            optimizer.step(state, stretch, gradientAtHome.tensor(0, 1, stretch.size()), rate, home);
        }
    }

    private void start(Optimizer.Stretch stretch, Storage gradient) {
        transfers.startRead(gradient, stretch.offset(), stretch.size());
    }

    void free() {
        transfers.close();
        weights.free();
        gradientAtHome.free();
    }
}
