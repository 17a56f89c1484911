package ai.rpo.core.gauge;

import java.util.Collection;
import java.util.List;

/**
 * A mean of numbers that come in groups, as the samples of one prompt do: each group counts alike, and is one draw.
 *
 * @param mean of the groups' means
 * @param error its standard error, from how these scatter; 0 where there is one group
 */
public record GroupedMean(double mean, double error) {

    /**
     * Takes the mean over groups.
     *
     * @param groups one at least, and none empty
     */
    public static GroupedMean of(Collection<List<Double>> groups) {
        double[] means = groups.stream()
                .mapToDouble(group -> group.stream()
                        .mapToDouble(Double::doubleValue)
                        .average()
                        .orElseThrow())
                .toArray();
        double mean = 0;
        for (double each : means) {
            mean += each / means.length;
        }
        double squares = 0;
        for (double each : means) {
            squares += (each - mean) * (each - mean);
        }
        double error = means.length < 2 ? 0 : Math.sqrt(squares / (means.length - 1) / means.length);
        return new GroupedMean(mean, error);
    }
}
