package ai.rpo.jobs.gates;

import ai.rpo.core.benchmark.BenchmarkTask;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Metrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Holds the keys of {@code rpo.gates}; what is absent is not asked for.
 *
 * @param minNewPairs pairs to train on
 * @param maxRejectedFraction share of the rows that preparing left out
 * @param minRewardAccuracy share of held-out pairs that the model ranks as their labels do
 * @param maxChosenLogpDrop nats by which held-out chosen completions became less likely than under the reference
 * @param minWinRateLow lower end of the interval of how often the model's answers are preferred to the reference's, as a share
 * @param maxKl nats a completion by which no gauged checkpoint may be farther from the reference
 * @param maxBenchmarkDrop by how much the trained model may fall behind the one that training started from, by benchmark tasks
 */
public record GateSettings(
        OptionalInt minNewPairs,
        Optional<Double> maxRejectedFraction,
        Optional<Double> minRewardAccuracy,
        Optional<Double> maxChosenLogpDrop,
        Optional<Double> minWinRateLow,
        Optional<Double> maxKl,
        Map<String, String> maxBenchmarkDrop) {

    static final String NEW_PAIRS = "min-new-pairs";
    static final String REJECTED = "max-rejected-fraction";
    static final String ACCURACY = "min-reward-accuracy";
    static final String CHOSEN_DROP = "max-chosen-logp-drop";
    static final String WIN_RATE = "min-win-rate-low";
    static final String KL = "max-kl";
    static final String BENCHMARK_DROP = "max-benchmark-drop";

    public GateSettings {
        List<String> wrong = new ArrayList<>();
        if (minNewPairs.isPresent() && minNewPairs.getAsInt() < 0) {
            wrong.add(NEW_PAIRS + " must be at least 0, but is " + minNewPairs.getAsInt());
        }
        maxRejectedFraction.ifPresent(share -> checkShare(REJECTED, share, wrong));
        minRewardAccuracy.ifPresent(share -> checkShare(ACCURACY, share, wrong));
        minWinRateLow.ifPresent(share -> checkShare(WIN_RATE, share, wrong));
        maxKl.filter(nats -> !(nats >= 0)).ifPresent(nats -> wrong.add(KL + " must be at least 0, but is " + nats));
        maxBenchmarkDrop.forEach((task, drop) -> {
            if (BenchmarkTask.named(task).isEmpty()) {
                wrong.add(BENCHMARK_DROP + " must name benchmark tasks, but has " + task);
            } else if (!isNumber(drop)) {
                wrong.add(BENCHMARK_DROP + " must have a number for " + task + ", but has " + drop);
            }
        });
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", wrong));
        }
    }

    private static void checkShare(String key, double share, List<String> wrong) {
        if (!(share >= 0 && share <= 1)) {
            wrong.add(key + " must be from 0 to 1, but is " + share);
        }
    }

    private static boolean isNumber(String text) {
        try {
            return Double.isFinite(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            return false;
        }
    }

    /** Tells whether nothing is asked for. */
    public boolean isEmpty() {
        return ofData().isEmpty() && ofModel().isEmpty();
    }

    /** Lists the gates that prepared data are held against, before anything is trained on them. */
    public List<Gate> ofData() {
        List<Gate> gates = new ArrayList<>();
        minNewPairs.ifPresent(pairs -> gates.add(new Gate(NEW_PAIRS, "the number of pairs to train on", pairs)));
        maxRejectedFraction.ifPresent(share -> gates.add(new Gate(REJECTED, "the share of rows left out", share)));
        return gates;
    }

    /** Lists the gates that a trained model is held against. */
    public List<Gate> ofModel() {
        List<Gate> gates = new ArrayList<>(ofEvaluation());
        minWinRateLow.ifPresent(
                share -> gates.add(new Gate(WIN_RATE, "the lower end of the win rate's interval", share)));
        maxKl.ifPresent(nats -> gates.add(
                new Gate(KL, "the distance from the reference of the checkpoint that is farthest, in nats,", nats)));
        maxBenchmarkDrop.forEach((task, drop) ->
                gates.add(new Gate(BENCHMARK_DROP + "." + task, "what was lost on " + task, Double.parseDouble(drop))));
        return gates;
    }

    /** Names the metric that a gate of {@link #ofEvaluation} is about. */
    public Metric metricOf(Gate gate) {
        return gate.name().equals(ACCURACY) ? Metrics.ACCURACY : Metrics.CHOSEN_LOGPS;
    }

    /** Lists those of them that need held-out pairs. */
    public List<Gate> ofEvaluation() {
        List<Gate> gates = new ArrayList<>();
        minRewardAccuracy.ifPresent(
                share -> gates.add(new Gate(ACCURACY, "the reward accuracy on held-out pairs", share)));
        maxChosenLogpDrop.ifPresent(nats ->
                gates.add(new Gate(CHOSEN_DROP, "what held-out chosen completions lost in log-probability", nats)));
        return gates;
    }
}
