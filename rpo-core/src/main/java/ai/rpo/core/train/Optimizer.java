package ai.rpo.core.train;

import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** Updates parameters by their gradient; a stateless value, whose moments lie in a {@link TrainState}. */
public interface Optimizer extends Serializable {

    /** Returns how many numbers are kept of each parameter. */
    int momentsPerParameter();

    /** Returns the same for a training whose moments are those of another, after so many steps. */
    Optimizer after(long steps);

    /** Returns the decoupled decay of matrices. */
    double weightDecay();

    /**
     * Takes the step after {@code state.step()} for some of the parameters, without counting it.
     *
     * @param stretch which parameters
     * @param gradient of these, {@code [1, stretch.size()]}; what is left in it afterwards is of no use
     * @param backend owns state and gradient
     */
    void step(TrainState state, Stretch stretch, Tensor gradient, double rate, Backend backend);

    /**
     * Takes the step for all parameters.
     *
     * @param gradient of the parameters, in their order
     * @param layout tells matrices, which decay, from vectors, which do not
     */
    default void step(TrainState state, Storage gradient, ParameterLayout layout, double rate, Backend backend) {
        for (Stretch stretch : Stretch.of(layout, weightDecay())) {
            step(state, stretch, gradient.tensor(stretch.offset(), 1, stretch.size()), rate, backend);
        }
    }

    /** Makes the optimizer that settings ask for. */
    static Optimizer of(TrainSettings settings) {
        return switch (settings.optimizer()) {
            case ADAMW -> AdamW.withDefaults(settings.weightDecay());
            case SGD -> new Sgd(settings.weightDecay());
        };
    }

    /**
     * A run of neighbouring parameters with one decay, no longer than a tensor counts.
     *
     * @param offset of the first
     * @param size how many
     * @param matrix whether they are of matrices
     */
    record Stretch(long offset, int size, boolean matrix) {

        /** More would not fit into the int that a tensor counts its columns in. */
        private static final int LARGEST = 1 << 30;

        /** Divides a layout; with a decay of 0 matrices and vectors need not be told apart. */
        static List<Stretch> of(ParameterLayout layout, double decay) {
            return of(layout, decay, LARGEST);
        }

        /** @param largest parameters in a stretch */
        static List<Stretch> of(ParameterLayout layout, double decay, int largest) {
            List<Stretch> stretches = new ArrayList<>();
            long from = 0;
            boolean matrix = true;
            for (ParameterLayout.Entry entry : layout.entries()) {
                if (decay != 0 && matrix == entry.vector()) {
                    cut(stretches, from, entry.offset(), matrix, largest);
                    from = entry.offset();
                    matrix = !entry.vector();
                }
            }
            cut(stretches, from, layout.size(), matrix, largest);
            return stretches;
        }

        private static void cut(List<Stretch> into, long from, long to, boolean matrix, int largest) {
            for (long at = from; at < to; at += largest) {
                into.add(new Stretch(at, (int) Math.min(largest, to - at), matrix));
            }
        }
    }
}
