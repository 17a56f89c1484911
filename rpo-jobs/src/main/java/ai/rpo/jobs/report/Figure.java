package ai.rpo.jobs.report;

import java.util.List;

/**
 * One figure, however it is rendered.
 *
 * @param name of its file, lower case with hyphens
 * @param title one line
 * @param caption what it shows and how it was computed
 * @param xAxis label with unit
 * @param yAxis label with unit
 * @param ticks names of x = 0, 1, 2, …; empty for a numeric axis
 * @param curves drawn in order, the last one on top
 */
record Figure(
        String name, String title, String caption, String xAxis, String yAxis, List<String> ticks, List<Curve> curves) {

    Figure {
        curves = curves.stream().filter(curve -> !curve.points().isEmpty()).toList();
    }

    boolean isEmpty() {
        return curves.isEmpty();
    }

    /** Gives what a reader who cannot see the picture is told. */
    String description() {
        StringBuilder description = new StringBuilder(title)
                .append(": ")
                .append(yAxis)
                .append(" by ")
                .append(xAxis);
        for (Curve curve : curves) {
            if (!curve.label().isEmpty()) {
                Curve.Point first = curve.points().get(0);
                Curve.Point last = curve.points().get(curve.points().size() - 1);
                description
                        .append("; ")
                        .append(curve.label())
                        .append(" from ")
                        .append(Numbers.format(first.y()))
                        .append(" to ")
                        .append(Numbers.format(last.y()));
            }
        }
        return description.append('.').toString();
    }
}
