package ai.rpo.core.loss;

import java.util.List;
import java.util.stream.Collectors;

/** A number of a training step is infinite or not a number. */
public final class NonFiniteException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * @param what the quantity, such as "the gradient norm"
     * @param batch the rows that were being computed
     */
    public NonFiniteException(String what, List<TrainingExample> batch) {
        super(what + " is not finite; rows in the batch, by ordinal: "
                + batch.stream().map(e -> Long.toString(e.ordinal())).collect(Collectors.joining(", ")));
    }
}
