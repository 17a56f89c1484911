package ai.rpo.core.objective;

import java.util.List;

/** What a user might write: the squared distance of the pair's log-ratios from a target. */
public record TestObjective(double target) implements Objective {

    /** Gives the default. */
    public TestObjective() {
        this(3);
    }

    @Override
    public String name() {
        return "squared";
    }

    @Override
    public String describe() {
        return "squared: target " + target;
    }

    @Override
    public Needs needs() {
        return Needs.PAIR;
    }

    @Override
    public List<Metric> metrics() {
        return PreferencePair.METRICS;
    }

    @Override
    public Outcome evaluate(ExampleLogps example, BatchSize batch) {
        PreferencePair pair = PreferencePair.of(example);
        double distance = pair.chosenRatio() - pair.rejectedRatio() - target;
        return pair.outcome(1, distance * distance, 2 * distance, -2 * distance, batch);
    }
}
