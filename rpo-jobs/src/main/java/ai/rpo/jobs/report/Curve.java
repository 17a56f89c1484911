package ai.rpo.jobs.report;

import java.util.ArrayList;
import java.util.List;

/**
 * One line or set of points of a figure.
 *
 * @param label in the legend; empty keeps it out of the legend
 * @param color index into the palette
 * @param look how it is drawn
 * @param points in the order of x; only finite ones
 */
record Curve(String label, int color, Look look, List<Point> points) {

    /** Says how a curve is drawn. */
    enum Look {
        /** A line; with {@link Point#low} and {@link Point#high}, a band behind it. */
        LINE,
        /** A thin, pale line behind a smoothed one. */
        FAINT,
        /** A dashed line, for what is given rather than measured. */
        DASHED,
        /** Large points with error bars. */
        INTERVALS,
        /** Small points. */
        DOTS
    }

    /**
     * @param low lower end of the band or bar, NaN for none
     * @param high upper end
     */
    record Point(double x, double y, double low, double high) {

        static Point at(double x, double y) {
            return new Point(x, y, Double.NaN, Double.NaN);
        }

        boolean hasInterval() {
            return Double.isFinite(low) && Double.isFinite(high);
        }
    }

    Curve {
        points = points.stream()
                .filter(point -> Double.isFinite(point.x) && Double.isFinite(point.y))
                .toList();
    }

    boolean hasBand() {
        return look == Look.LINE && !points.isEmpty() && points.stream().allMatch(Point::hasInterval);
    }

    /** Keeps at most {@code limit} points, each the mean of as many neighbours, so that long runs stay drawable. */
    static List<Point> thinned(List<Point> points, int limit) {
        int bucket = Math.max(1, (points.size() + limit - 1) / limit);
        if (bucket == 1) {
            return points;
        }
        List<Point> thinned = new ArrayList<>();
        for (int from = 0; from < points.size(); from += bucket) {
            thinned.add(mean(points.subList(from, Math.min(points.size(), from + bucket))));
        }
        return thinned;
    }

    /** Centred running mean over {@code window} points, fewer at the ends. */
    static List<Point> smoothed(List<Point> points, int window) {
        int half = window / 2;
        List<Point> smoothed = new ArrayList<>(points.size());
        for (int i = 0; i < points.size(); i++) {
            List<Point> around = points.subList(Math.max(0, i - half), Math.min(points.size(), i + half + 1));
            smoothed.add(Point.at(points.get(i).x(), mean(around).y()));
        }
        return smoothed;
    }

    private static Point mean(List<Point> points) {
        return Point.at(
                points.stream().mapToDouble(Point::x).average().orElseThrow(),
                points.stream().mapToDouble(Point::y).average().orElseThrow());
    }
}
