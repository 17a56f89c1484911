package ai.rpo.core.objective;

import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * Defines what training minimises: a loss over the log-probabilities of an example's completions, with its derivatives and
 * its metrics. Training and evaluation use the same value, which travels to executors by Java serialisation.
 *
 * <p>An implementation is a stateless record. Its components are the keys under {@code rpo.objective}, and its public
 * constructor without arguments gives their defaults. {@link Objectives} finds it by the line that names it in
 * {@code META-INF/services/ai.rpo.core.objective.Objective}, in this project's jar or in a user's.
 */
public interface Objective extends Serializable {

    /** Returns the name as {@code rpo.objective.name} gives it. */
    String name();

    /** Says on one line what is minimised, with every parameter. */
    String describe();

    /** Returns a short name for headings. */
    default String title() {
        return describe();
    }

    /** Says what an example must bring. */
    Needs needs();

    /** Lists what {@link #evaluate} measures, in the order in which it is reported. */
    List<Metric> metrics();

    /** Gives those metrics whose value is known where the policy is the reference, such as ln 2 for DPO's loss. */
    default Map<Metric, Double> atReference() {
        return Map.of();
    }

    /**
     * Computes one example's part of the batch's loss.
     *
     * @param example has what {@link #needs} asks for
     * @param batch the whole optimizer batch, however it is split for computing
     */
    Outcome evaluate(ExampleLogps example, BatchSize batch);

    /**
     * Says what an example must bring.
     *
     * @param completions how many: 2 are chosen and rejected, in this order
     * @param reference whether the reference's log-probabilities are needed
     * @param rewards whether it is over a reward model's rewards, one for each completion, and gives slopes by these
     * @param tokens whether log-probabilities of single tokens are needed, and coefficients are given for each of them
     */
    record Needs(int completions, boolean reference, boolean rewards, boolean tokens) implements Serializable {

        /** A preference pair under policy and reference. */
        public static final Needs PAIR = new Needs(2, true, false, false);

        /** A preference pair under a reward model. */
        public static final Needs REWARDS = new Needs(2, false, true, false);

        /** A prompt with one completion. */
        public static final Needs SINGLE = new Needs(1, false, false, false);
    }
}
