package ai.rpo.jobs.report;

import ai.rpo.core.gauge.GroupedMean;
import ai.rpo.core.gauge.Overoptimization;
import ai.rpo.core.gauge.RewardCurve;
import ai.rpo.jobs.report.Curve.Look;
import ai.rpo.jobs.report.Curve.Point;
import ai.rpo.spark.gauge.GaugePoint;
import ai.rpo.spark.gauge.GaugePoint.LogpsShift;
import ai.rpo.spark.gauge.GaugePoints;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** The figures of what the gauge measured. */
final class GaugeFigures {

    private static final double Z = 1.959963984540054;
    private static final int DRAWN = 60;
    private static final int GOLD = 2;
    private static final int PROXY = 0;
    private static final int OTHER_FORM = 5;
    private static final int TURN = 3;
    private static final String DISTANCE = "√KL from the reference (√nats)";
    private static final String CHANGE = "change of reward";

    private final GaugePoints points;

    GaugeFigures(GaugePoints points) {
        this.points = points;
    }

    /** Rewards by distance, one figure for both, one with the fits for each; distance by step. */
    List<Figure> all() {
        List<Figure> figures = byDistance();
        figures.add(distance());
        return figures;
    }

    /** Gives the same without what is drawn by step. */
    List<Figure> byDistance() {
        List<Figure> figures = new ArrayList<>();
        if (points.gold().isPresent() && points.proxy().isPresent()) {
            figures.add(both(points.gold().get(), points.proxy().get()));
        }
        points.gold().ifPresent(curve -> figures.add(fitted("gold", GOLD, curve)));
        points.proxy().ifPresent(curve -> figures.add(fitted("proxy", PROXY, curve)));
        return figures;
    }

    private static Figure both(RewardCurve gold, RewardCurve proxy) {
        List<Curve> curves = new ArrayList<>();
        curves.addAll(measured("gold", GOLD, gold));
        curves.addAll(measured("proxy", PROXY, proxy));
        return new Figure(
                "gauge",
                "Proxy and gold reward against distance",
                "Rewards of the policy's own completions less the reference's own, with 95 % intervals; each line is the form that"
                        + " lies nearer to its points. Overoptimization shows as gold that falls while proxy goes on rising. The"
                        + " two have scales of their own.",
                DISTANCE,
                CHANGE,
                List.of(),
                curves);
    }

    private static List<Curve> measured(String label, int color, RewardCurve curve) {
        List<Curve> curves = new ArrayList<>();
        curve.fits().stream().limit(1).forEach(fit -> curves.add(line("", color, Look.LINE, fit, curve)));
        curves.add(intervals(label, color, curve));
        return curves;
    }

    private static Curve intervals(String label, int color, RewardCurve curve) {
        return new Curve(
                label,
                color,
                Look.INTERVALS,
                curve.points().stream()
                        .map(point -> new Point(
                                point.distance(),
                                point.change(),
                                point.change() - Z * point.error(),
                                point.change() + Z * point.error()))
                        .toList());
    }

    private static Figure fitted(String reward, int color, RewardCurve curve) {
        List<Curve> curves = new ArrayList<>();
        for (int i = curve.fits().size() - 1; i >= 0; i--) {
            Overoptimization fit = curve.fits().get(i);
            curves.add(line(
                    GaugeFindings.formula(fit.form()),
                    i == 0 ? color : OTHER_FORM,
                    i == 0 ? Look.LINE : Look.DASHED,
                    fit,
                    curve));
        }
        turn(curve).ifPresent(at -> curves.add(vertical(at, curve)));
        curves.add(intervals("measured", color, curve));
        String fits = curve.fits().isEmpty()
                ? " Three checkpoints at different distances are needed to fit a form."
                : " The forms of Gao et al. (arXiv 2210.10760), fitted by weighted least squares; the solid one lies nearer.";
        return new Figure(
                "gauge-" + reward,
                (reward.equals("gold") ? "Gold" : "Proxy") + " reward against distance",
                "Change of the " + reward + " reward against the reference's own, with 95 % intervals." + fits,
                DISTANCE,
                CHANGE,
                List.of(),
                curves);
    }

    /** Tells where the nearer form turns, if that is in the picture. */
    private static OptionalDouble turn(RewardCurve curve) {
        return curve.fits().stream()
                .limit(1)
                .flatMapToDouble(fit -> fit.peak().stream())
                .filter(at -> at <= end(curve))
                .findFirst();
    }

    private static Curve vertical(double at, RewardCurve curve) {
        double low = curve.points().stream()
                .mapToDouble(RewardCurve.Point::change)
                .min()
                .orElse(0);
        double high = curve.points().stream()
                .mapToDouble(RewardCurve.Point::change)
                .max()
                .orElse(1);
        return new Curve(
                "turn", TURN, Look.DASHED, List.of(Point.at(at, Math.min(0, low)), Point.at(at, Math.max(0, high))));
    }

    private static Curve line(String label, int color, Look look, Overoptimization fit, RewardCurve curve) {
        double end = end(curve);
        List<Point> drawn = new ArrayList<>(List.of(Point.at(0, 0)));
        DoubleStream.iterate(1, i -> i + 1)
                .limit(DRAWN)
                .map(i -> end * i / DRAWN)
                .forEach(d -> drawn.add(Point.at(d, fit.at(d))));
        return new Curve(label, color, look, drawn);
    }

    private static double end(RewardCurve curve) {
        return 1.1 * curve.points().get(curve.points().size() - 1).distance();
    }

    private Figure distance() {
        return new Figure(
                "gauge-kl",
                "Distance from the reference",
                "Kullback-Leibler divergence of the policy from the reference along its own completions, exact at each token, with"
                        + " 95 % intervals.",
                "optimizer step",
                "KL (nats a completion)",
                List.of(),
                List.of(new Curve(
                        "",
                        1,
                        Look.LINE,
                        points.points().stream()
                                .map(point -> new Point(
                                        point.step(),
                                        point.kl().mean(),
                                        point.kl().mean() - Z * point.kl().error(),
                                        point.kl().mean() + Z * point.kl().error()))
                                .toList())));
    }

    /** Shows how log-probabilities of pairs moved, by the checkpoints; empty where they were not looked at. */
    Figure shifts() {
        return new Figure(
                "logps-shift",
                "The same on fixed pairs, by checkpoint",
                "Mean change of log π(y|x) against the reference on the pairs that the gauge looks at: the held-out ones, or all"
                        + " training pairs where none are held out.",
                "optimizer step",
                "log π(y|x) − log π_ref(y|x) (nats)",
                List.of(),
                List.of(shift("chosen", 2, LogpsShift::chosen), shift("rejected", 0, LogpsShift::rejected)));
    }

    private Curve shift(String label, int color, ToDoubleFunction<LogpsShift> which) {
        return new Curve(
                label,
                color,
                Look.LINE,
                points.points().stream()
                        .filter(point -> point.shift().isPresent())
                        .map(point -> Point.at(
                                point.step(), which.applyAsDouble(point.shift().orElseThrow())))
                        .toList());
    }

    /** All numbers, a row a checkpoint. */
    Html table() {
        List<Html> rows = points.points().stream().map(GaugeFigures::row).toList();
        return Html.of(
                "<h3>gauge/points.jsonl</h3><div class=\"scroll\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
                head(),
                rows);
    }

    private static List<Html> head() {
        return List.of("step", "KL", "± se", "√KL", "k1", "k3", "proxy", "± se", "gold", "± se", "tokens").stream()
                .map(name -> Html.of("<th scope=\"col\" class=\"number\">{}</th>", name))
                .toList();
    }

    private static Html row(GaugePoint point) {
        List<String> cells = new ArrayList<>(List.of(
                Numbers.format(point.step()),
                Numbers.format(point.kl().mean()),
                Numbers.format(point.kl().error()),
                Numbers.format(Math.sqrt(point.kl().mean())),
                Numbers.format(point.k1()),
                Numbers.format(point.k3())));
        for (Optional<GroupedMean> mean : List.of(point.proxy(), point.gold())) {
            cells.add(mean.map(found -> Numbers.format(found.mean())).orElse("–"));
            cells.add(mean.map(found -> Numbers.format(found.error())).orElse("–"));
        }
        cells.add(Numbers.format(point.tokens()));
        return Html.of(
                "<tr>{}</tr>",
                cells.stream()
                        .map(cell -> Html.of("<td class=\"number\">{}</td>", cell))
                        .toList());
    }
}
