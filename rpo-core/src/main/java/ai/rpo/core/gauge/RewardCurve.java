package ai.rpo.core.gauge;

import ai.rpo.core.gauge.Overoptimization.Form;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Tells how a reward moves with the distance from the reference: what was measured, and the forms that were fitted to it.
 *
 * @param points by rising distance, the reference left out
 * @param fits of the forms, the one that is nearer to the points first; none where the points do not suffice
 */
public record RewardCurve(List<Point> points, List<Overoptimization> fits) {

    /**
     * A policy's place.
     *
     * @param distance √KL, above 0
     * @param change of the reward against the reference's own
     * @param error its standard error; 0 where it is not known
     */
    public record Point(double distance, double change, double error) {}

    /** Fits both forms. */
    public static RewardCurve of(List<Point> measured) {
        List<Point> points = measured.stream()
                .filter(point -> point.distance > 0)
                .sorted(Comparator.comparingDouble(Point::distance))
                .toList();
        List<Overoptimization> fits = new ArrayList<>();
        for (Form form : Form.values()) {
            fit(form, points).ifPresent(fits::add);
        }
        fits.sort(Comparator.comparingDouble(fit -> squares(fit, points)));
        return new RewardCurve(points, List.copyOf(fits));
    }

    private static Optional<Overoptimization> fit(Form form, List<Point> points) {
        boolean known = points.stream().allMatch(point -> point.error > 0);
        try {
            return Optional.of(Overoptimization.fit(
                    form,
                    points.stream().mapToDouble(Point::distance).toArray(),
                    points.stream().mapToDouble(Point::change).toArray(),
                    points.stream()
                            .mapToDouble(point -> known ? point.error : 0)
                            .toArray()));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // too few points, or all at one distance
        }
    }

    private static double squares(Overoptimization fit, List<Point> points) {
        return points.stream()
                .mapToDouble(point -> {
                    double error = point.error > 0 ? point.error : 1;
                    double residual = (point.change - fit.at(point.distance)) / error;
                    return residual * residual;
                })
                .sum();
    }
}
