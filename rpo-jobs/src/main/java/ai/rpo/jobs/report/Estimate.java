package ai.rpo.jobs.report;

import java.util.Collection;
import org.apache.commons.math3.distribution.TDistribution;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * A mean with its 95 % interval.
 *
 * @param mean the estimate
 * @param low lower end, NaN without an interval
 * @param high upper end, NaN without an interval
 */
public record Estimate(double mean, double low, double high) {

    private static final double UPPER_QUANTILE = 0.975;

    /** The mean of independent values with Student's t interval; a single value has no interval. */
    static Estimate ofSeeds(Collection<Double> values) {
        SummaryStatistics statistics = new SummaryStatistics();
        values.forEach(statistics::addValue);
        if (values.size() < 2) {
            return new Estimate(statistics.getMean(), Double.NaN, Double.NaN);
        }
        double halfWidth = new TDistribution(values.size() - 1.0).inverseCumulativeProbability(UPPER_QUANTILE)
                * statistics.getStandardDeviation()
                / Math.sqrt(values.size());
        return new Estimate(statistics.getMean(), statistics.getMean() - halfWidth, statistics.getMean() + halfWidth);
    }

    boolean hasInterval() {
        return Double.isFinite(low) && Double.isFinite(high);
    }
}
