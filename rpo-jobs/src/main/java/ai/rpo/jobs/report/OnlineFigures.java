package ai.rpo.jobs.report;

import ai.rpo.jobs.report.Curve.Look;
import ai.rpo.jobs.report.Curve.Point;
import ai.rpo.jobs.report.Track.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Figures of policies on their way from a common start. */
final class OnlineFigures {

    private static final String DISTANCE = "√KL from the base model";
    private static final String GOLD = "gold reward";
    private static final int POINTS_OF_FIT = 60;

    private final OnlineComparison comparison;

    OnlineFigures(OnlineComparison comparison) {
        this.comparison = comparison;
    }

    /** Gao's figure: what the proxy promises, and what there is. */
    List<Figure> overoptimization() {
        List<Curve> gold = new ArrayList<>();
        List<Curve> proxy = new ArrayList<>();
        for (Method method : Method.values()) {
            gold.add(curve(method, method.title(), Look.LINE, false, Mark::distance, Mark::gold));
            proxy.add(curve(method, "", Look.DASHED, false, Mark::distance, Mark::proxy));
        }
        List<Curve> both = new ArrayList<>(proxy);
        both.addAll(gold);
        return List.of(
                new Figure(
                        "proxy-and-gold",
                        "What the proxy promises, and what there is",
                        "Dashed: mean reward of a policy's answers by its proxy, on the gold reward's scale. Line: their mean gold reward. Each point is a policy on its way, a mean over seeds of both coordinates; all begin at the left. ×4: an ensemble of reward models.",
                        DISTANCE,
                        "reward",
                        List.of(),
                        both),
                new Figure(
                        "gap",
                        "How much more the proxy promises",
                        "Proxy less gold of the same answers, mean over seeds.",
                        DISTANCE,
                        "proxy − gold",
                        List.of(),
                        everyMethod(false, Mark::distance, Mark::gap)));
    }

    List<Figure> training() {
        return List.of(
                new Figure(
                        "gold-by-step",
                        "Gold reward over training",
                        "The same gold rewards by optimizer steps. Line: mean over seeds; band: lowest to highest seed.",
                        "step",
                        GOLD,
                        List.of(),
                        everyMethod(true, Mark::step, Mark::gold)),
                new Figure(
                        "distance-by-step",
                        "Distance over training",
                        "How far policies have come from the base model. Line: mean over seeds; band: lowest to highest seed.",
                        "step",
                        DISTANCE,
                        List.of(),
                        everyMethod(true, Mark::step, Mark::distance)));
    }

    /** Every mark of every seed, and the form that fits better. */
    Figure fits() {
        List<Curve> curves = new ArrayList<>();
        for (Method method : Method.values()) {
            List<Track> tracks = comparison.of(method);
            curves.add(new Curve(
                    "",
                    method.ordinal(),
                    Look.DOTS,
                    tracks.stream()
                            .flatMap(track -> track.marks().stream()
                                    .map(mark -> Point.at(
                                            mark.distance(),
                                            mark.gold() - track.start().gold())))
                            .toList()));
            GoldFit.better(tracks)
                    .ifPresent(fit ->
                            curves.add(new Curve(method.title(), method.ordinal(), Look.LINE, fitted(fit, tracks))));
        }
        return new Figure(
                "fits",
                "Gao's forms through the marks",
                "Dots: gold reward less the start's, every mark of every seed. Line: the one of Gao's two forms that leaves less, by least squares.",
                DISTANCE,
                "gold reward, from the start",
                List.of(),
                curves);
    }

    private static List<Point> fitted(GoldFit fit, List<Track> tracks) {
        double farthest = tracks.stream()
                .flatMap(track -> track.marks().stream())
                .mapToDouble(Mark::distance)
                .max()
                .orElseThrow();
        return IntStream.rangeClosed(1, POINTS_OF_FIT)
                .mapToDouble(i -> farthest * i / POINTS_OF_FIT)
                .mapToObj(d -> Point.at(d, fit.fit().at(d)))
                .toList();
    }

    private List<Curve> everyMethod(boolean band, ToDoubleFunction<Mark> x, ToDoubleFunction<Mark> y) {
        List<Curve> curves = new ArrayList<>();
        for (Method method : Method.values()) {
            curves.add(curve(method, method.title(), Look.LINE, band, x, y));
        }
        return curves;
    }

    /** Draws a point for each place on the way; with a band, from the lowest to the highest seed. */
    private Curve curve(
            Method method, String label, Look look, boolean band, ToDoubleFunction<Mark> x, ToDoubleFunction<Mark> y) {
        List<Track> tracks = comparison.of(method);
        int marks =
                tracks.stream().mapToInt(track -> track.marks().size()).min().orElse(0);
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < marks; i++) {
            int place = i;
            double[] xs = tracks.stream()
                    .mapToDouble(track -> x.applyAsDouble(track.marks().get(place)))
                    .toArray();
            double[] ys = tracks.stream()
                    .mapToDouble(track -> y.applyAsDouble(track.marks().get(place)))
                    .toArray();
            points.add(new Point(
                    mean(xs),
                    mean(ys),
                    band
                            ? IntStream.range(0, ys.length)
                                    .mapToDouble(k -> ys[k])
                                    .min()
                                    .orElseThrow()
                            : Double.NaN,
                    band
                            ? IntStream.range(0, ys.length)
                                    .mapToDouble(k -> ys[k])
                                    .max()
                                    .orElseThrow()
                            : Double.NaN));
        }
        return new Curve(label, method.ordinal(), look, points);
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }
}
