package ai.rpo.core.objective;

import java.io.Serializable;

/**
 * Describes a quantity that training and evaluation report under one name.
 *
 * @param name as in {@code metrics.jsonl} and {@code eval/metrics.json}
 * @param better which way is better
 * @param mean how the values of examples make one number
 * @param shown where it is reported
 */
public record Metric(String name, Better better, Mean mean, Shown shown) implements Serializable {

    /** Says which way a metric gets better; checkpoints can be chosen by those that have a way. */
    public enum Better {
        LOWER,
        HIGHER,
        NEITHER
    }

    /** Says how the values of a batch's examples make one number. */
    public enum Mean {
        /** The mean over examples. */
        OF_EXAMPLES,
        /** The share of examples whose value is 1; the others have 0. */
        RATE,
        /** The sum over examples: each value already is divided by what the batch's mean divides by. */
        OF_SHARES
    }

    /** Says where a metric is reported. */
    public enum Shown {
        EVERYWHERE,
        /** Not of held-out data. */
        IN_TRAINING,
        /** Only checked. */
        NOWHERE
    }

    /** Makes a metric that is a mean over examples and is reported everywhere. */
    public static Metric of(String name, Better better) {
        return new Metric(name, better, Mean.OF_EXAMPLES, Shown.EVERYWHERE);
    }

    /** Makes a term of a loss, whose values are shares of the batch's mean. */
    public static Metric loss(String name) {
        return new Metric(name, Better.LOWER, Mean.OF_SHARES, Shown.EVERYWHERE);
    }

    /** Turns a value into something to be lowered. */
    public double cost(double value) {
        return better == Better.HIGHER ? -value : value;
    }
}
