package ai.rpo.jobs.report;

import ai.rpo.core.judge.Judgment;
import ai.rpo.jobs.report.Curve.Look;
import ai.rpo.jobs.report.Curve.Point;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The figures of judgments. */
final class WinRateFigures {

    private static final int BINS = 8;
    private static final double Z = 1.959963984540054;

    private WinRateFigures() {}

    /**
     * Shows of each pair the share of wins in eight groups of equally many judgments, by how much longer the answer is.
     */
    static List<Figure> byLengthDifference(List<Judgment> judgments) {
        Map<List<String>, List<Point>> pairs = new LinkedHashMap<>();
        for (Judgment judgment : judgments) {
            Judgment.Subject subject = judgment.subject();
            if (judgment.preference().isPresent() && subject.knowsAnswers()) {
                pairs.computeIfAbsent(List.of(subject.model(), subject.baseline()), pair -> new ArrayList<>())
                        .add(Point.at(
                                subject.modelLength() - subject.baselineLength(),
                                100 * judgment.preference().getAsDouble()));
            }
        }
        List<Figure> figures = new ArrayList<>();
        pairs.forEach((pair, points) -> {
            points.sort(Comparator.comparingDouble(Point::x));
            figures.add(new Figure(
                    "win-rate-length-" + (figures.size() + 1),
                    pair.get(0) + " against " + pair.get(1),
                    "Dots are judgments. Diamonds are means of groups of equally many judgments in the order of the"
                            + " difference, with 95 % intervals. A judge that is not swayed by length gives a level line.",
                    "characters that the model's answer is longer",
                    "preferred (%)",
                    List.of(),
                    List.of(
                            new Curve("judgments", 1, Look.DOTS, points),
                            new Curve("mean of a group", 0, Look.INTERVALS, means(points)))));
        });
        return figures;
    }

    private static List<Point> means(List<Point> points) {
        List<Point> means = new ArrayList<>();
        int bins = Math.min(BINS, points.size() / 4);
        for (int bin = 0; bin < bins; bin++) {
            List<Point> group = points.subList(points.size() * bin / bins, points.size() * (bin + 1) / bins);
            double x = group.stream().mapToDouble(Point::x).average().orElseThrow();
            double y = group.stream().mapToDouble(Point::y).average().orElseThrow();
            double squares =
                    group.stream().mapToDouble(p -> (p.y() - y) * (p.y() - y)).sum();
            double half = Z * Math.sqrt(squares / (group.size() - 1) / group.size());
            means.add(new Point(x, y, y - half, y + half));
        }
        return means;
    }
}
