package ai.rpo.spark.gauge;

import ai.rpo.core.gauge.GroupedMean;
import ai.rpo.core.gauge.RewardCurve;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Holds the points of a run, and what its rewards are measured from.
 *
 * @param points by rising step, at least one
 * @param reference where rewards count from: the reference's own, which is step 0 where training starts from it
 */
public record GaugePoints(List<GaugePoint> points, GaugePoint reference) {

    public GaugePoints {
        points = List.copyOf(points);
    }

    /**
     * Reads {@code points.jsonl}.
     *
     * @param reference {@code reference.json}, where training starts from another model than the reference
     * @return empty where there is no point
     * @throws IllegalArgumentException where a text is not what the gauge writes
     */
    public static Optional<GaugePoints> parse(String lines, Optional<String> reference) {
        List<GaugePoint> points = lines.lines().map(GaugePoint::fromJson).toList();
        return points.isEmpty()
                ? Optional.empty()
                : Optional.of(new GaugePoints(
                        points, reference.map(GaugePoint::fromJson).orElse(points.get(0))));
    }

    public GaugePoint last() {
        return points.get(points.size() - 1);
    }

    /** Tells how the proxy reward moves with the distance; empty where there is none. */
    public Optional<RewardCurve> proxy() {
        return curve(GaugePoint::proxy);
    }

    /** Tells the same of the gold reward. */
    public Optional<RewardCurve> gold() {
        return curve(GaugePoint::gold);
    }

    private Optional<RewardCurve> curve(Function<GaugePoint, Optional<GroupedMean>> reward) {
        return reward.apply(reference)
                .map(start -> RewardCurve.of(points.stream()
                        .filter(point -> reward.apply(point).isPresent())
                        .map(point -> change(point, reward.apply(point).orElseThrow(), start))
                        .toList()));
    }

    /** Both means are of their own samples, so their errors add up. */
    private static RewardCurve.Point change(GaugePoint point, GroupedMean reward, GroupedMean start) {
        return new RewardCurve.Point(
                Math.sqrt(point.kl().mean()), reward.mean() - start.mean(), Math.hypot(reward.error(), start.error()));
    }
}
