package ai.rpo.jobs.report;

import ai.rpo.core.gauge.Overoptimization;
import ai.rpo.core.gauge.Overoptimization.Form;
import ai.rpo.jobs.report.Track.Mark;
import java.util.List;
import java.util.Optional;

/**
 * One of Gao's forms through the marks of a method's tracks.
 *
 * @param fit of the gold reward less the start's
 * @param error root of the mean square of what the fit leaves
 */
record GoldFit(Overoptimization fit, double error) {

    /** Fits a form; empty where the marks are too few or too close for it. */
    static Optional<GoldFit> of(Form form, List<Track> tracks) {
        List<double[]> points = tracks.stream()
                .flatMap(track -> track.marks().stream()
                        .filter(mark -> mark.distance() > 0)
                        .map(mark -> point(mark, track.start())))
                .toList();
        double[] distances = points.stream().mapToDouble(point -> point[0]).toArray();
        double[] rises = points.stream().mapToDouble(point -> point[1]).toArray();
        try {
            Overoptimization fit = Overoptimization.fit(form, distances, rises, new double[points.size()]);
            double squares = points.stream()
                    .mapToDouble(point -> Math.pow(point[1] - fit.at(point[0]), 2))
                    .sum();
            return Optional.of(new GoldFit(fit, Math.sqrt(squares / points.size())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static double[] point(Mark mark, Mark start) {
        return new double[] {mark.distance(), mark.gold() - start.gold()};
    }

    /** The form that leaves less. */
    static Optional<GoldFit> better(List<Track> tracks) {
        Optional<GoldFit> learning = of(Form.LEARNING, tracks);
        Optional<GoldFit> bestOfN = of(Form.BEST_OF_N, tracks);
        return learning.isEmpty() || bestOfN.isPresent() && bestOfN.get().error < learning.get().error
                ? bestOfN
                : learning;
    }

    String form() {
        return fit.form() == Form.LEARNING ? "d(α − β ln d)" : "d(α − βd)";
    }
}
