package ai.rpo.core.objective;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Implements the Bradley-Terry loss that trains a reward model r on preference pairs, with the centring of Eisenstein et al.
 * (arXiv 2312.09244, eq. 2). See docs/math.md, 32.
 *
 * <pre>L = (1/N)·Σᵢ [ −log σ(r⁺ᵢ − r⁻ᵢ − mᵢ) + c·(r⁺ᵢ + r⁻ᵢ)² ]</pre>
 *
 * where mᵢ is the margin that the data give the pair, or 0.
 *
 * @param center c, what holds the mean reward near 0, which preferences leave open; 0 for none
 */
public record BradleyTerry(double center) implements Objective {

    /** The mean of (r⁺ + r⁻)², before its weight. */
    public static final Metric CENTER_LOSS = Metric.loss("loss/center");

    private static final List<Metric> METRICS = List.of(
            Metrics.LOSS,
            Metrics.PREFERENCE_LOSS,
            CENTER_LOSS,
            Metrics.CHOSEN_REWARD,
            Metrics.REJECTED_REWARD,
            Metrics.ACCURACY,
            Metrics.MARGIN);

    public BradleyTerry {
        Parameter.requireNotNegative("center", center);
    }

    @Override
    public String name() {
        return "bradley-terry";
    }

    @Override
    public String describe() {
        return String.format(Locale.ROOT, "Bradley-Terry: center %s", center);
    }

    @Override
    public Needs needs() {
        return Needs.REWARDS;
    }

    @Override
    public List<Metric> metrics() {
        return METRICS;
    }

    @Override
    public Outcome evaluate(ExampleLogps example, BatchSize batch) {
        double chosen = example.rewards()[0];
        double rejected = example.rewards()[1];
        double difference = chosen - rejected;
        double preference = -Logistic.logSigmoid(difference - example.margin()) / batch.pairs();
        double slope = Logistic.sigmoid(example.margin() - difference) / batch.pairs();
        double sum = chosen + rejected;
        double centring = 2 * center * sum / batch.pairs();
        Map<Metric, Double> values = new LinkedHashMap<>();
        values.put(CENTER_LOSS, sum * sum / batch.pairs());
        values.put(Metrics.PREFERENCE_LOSS, preference);
        values.put(Metrics.LOSS, preference + center * values.get(CENTER_LOSS));
        values.put(Metrics.CHOSEN_REWARD, chosen);
        values.put(Metrics.REJECTED_REWARD, rejected);
        values.put(Metrics.ACCURACY, difference > 0 ? 1.0 : 0.0);
        values.put(Metrics.MARGIN, difference);
        return new Outcome(new double[] {-slope + centring, slope + centring}, values);
    }
}
