package ai.rpo.jobs.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.font.FontRenderContext;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws figures as PNG, at twice their nominal size so that they stay sharp on dense screens and in slides. */
final class FigurePainter {

    static final int WIDTH = 640;
    static final int HEIGHT = 380;

    private static final int LEGEND_GAPS = 24; // about a name and its line
    private static final int LEGEND_MARGIN = 120; // it lies in the middle of the plot, right of the axis' numbers
    private static final int SMALLEST_NAMES = 11;

    private static final String NUMBERS = "#,##0.######";
    private static final int SCALE = 2;
    private static final int LONGEST_LABEL = 40;

    private FigurePainter() {}

    static byte[] png(Figure figure, Theme theme) {
        BufferedImage image = new BufferedImage(WIDTH * SCALE, HEIGHT * SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.scale(SCALE, SCALE);
        chart(figure, theme).paint(graphics, WIDTH, HEIGHT);
        graphics.dispose();
        try {
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            ImageIO.write(image, "png", png);
            return png.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static XYChart chart(Figure figure, Theme theme) {
        XYChart chart = new XYChart(WIDTH, HEIGHT);
        chart.setXAxisTitle(figure.xAxis());
        chart.setYAxisTitle(figure.yAxis());
        style(chart.getStyler(), theme);
        nameCurves(chart.getStyler(), figure);
        if (!figure.ticks().isEmpty()) {
            nameTicks(chart.getStyler(), figure.ticks());
        } else {
            chart.getStyler().setXAxisDecimalPattern(NUMBERS);
            startNearZero(chart.getStyler(), figure);
        }
        roomForFlatCurves(chart.getStyler(), figure);
        for (int i = 0; i < figure.curves().size(); i++) {
            Curve curve = figure.curves().get(i);
            if (curve.hasBand()) {
                addBand(chart, curve, "band " + i, theme.series(curve.color()));
            }
            addCurve(chart, curve, i, theme.series(curve.color()));
        }
        if (figure.ticks().isEmpty()) {
            preferRoundTicks(chart, figure);
        }
        return chart;
    }

    /** Names go beside each other where the figure is wide enough, in smaller letters if need be, else below each other. */
    private static void nameCurves(XYStyler styler, Figure figure) {
        Font plain = styler.getLegendFont();
        styler.setLegendVisible(legendWidth(styler, figure, plain) > 0);
        for (int size = plain.getSize(); size >= SMALLEST_NAMES; size--) {
            Font font = plain.deriveFont((float) size);
            if (legendWidth(styler, figure, font) < WIDTH - LEGEND_MARGIN) {
                styler.setLegendFont(font);
                styler.setLegendLayout(LegendLayout.Horizontal);
                return;
            }
        }
        styler.setLegendLayout(LegendLayout.Vertical);
    }

    private static double legendWidth(XYStyler styler, Figure figure, Font font) {
        FontRenderContext context = new FontRenderContext(null, true, true);
        return figure.curves().stream()
                .map(Curve::label)
                .filter(label -> !label.isEmpty())
                .mapToDouble(label -> styler.getLegendSeriesLineLength()
                        + LEGEND_GAPS
                        + font.getStringBounds(label, context).getWidth())
                .sum();
    }

    private static void style(XYStyler styler, Theme theme) {
        Font plain = new Font(Font.SANS_SERIF, Font.PLAIN, 14);
        styler.setChartBackgroundColor(theme.background());
        styler.setPlotBackgroundColor(theme.background());
        styler.setLegendBackgroundColor(theme.background());
        styler.setLegendBorderColor(theme.background());
        styler.setChartFontColor(theme.ink());
        styler.setXAxisTitleColor(theme.muted());
        styler.setYAxisTitleColor(theme.muted());
        styler.setAxisTitleFont(plain);
        styler.setAxisTickLabelsFont(plain);
        styler.setAxisTickLabelsColor(theme.muted());
        styler.setAxisTickMarksColor(theme.grid());
        styler.setXAxisTickMarkSpacingHint(80);
        styler.setYAxisTickMarkSpacingHint(46);
        styler.setYAxisDecimalPattern(NUMBERS);
        styler.setAxisTicksLineVisible(false);
        styler.setLegendFont(plain);
        styler.setLegendPosition(LegendPosition.OutsideS);
        styler.setLegendSeriesLineLength(18);
        styler.setPlotGridLinesColor(theme.grid());
        styler.setPlotGridLinesStroke(new BasicStroke(1));
        styler.setPlotGridVerticalLinesVisible(false);
        styler.setPlotBorderVisible(false);
        styler.setPlotContentSize(0.96);
        styler.setChartPadding(8);
        styler.setAntiAlias(true);
        styler.setErrorBarsColorSeriesColor(true);
    }

    private static void nameTicks(XYStyler styler, List<String> ticks) {
        styler.setXAxisMin(-1.0);
        styler.setXAxisMax((double) ticks.size());
        styler.setXAxisTickMarkSpacingHint(WIDTH / (2 * ticks.size() + 2));
        styler.setxAxisTickLabelsFormattingFunction(x -> {
            long index = Math.round(x);
            if (Math.abs(x - index) > 1e-6) {
                return " ";
            }
            // XChart takes a coarser grid until no two labels are equal, for ever if need be, so all blank ones have to
            // differ.
            return index >= 0 && index < ticks.size()
                    ? ticks.get((int) index)
                    : " ".repeat((int) (index < 0 ? 1 - 2 * index : 2 + 2 * index));
        });
    }

    /** XChart puts ticks on the data where that is equally spaced (1, 8, 15, …); an unseen point off the grid makes it choose round ones. */
    private static void preferRoundTicks(XYChart chart, Figure figure) {
        Curve.Point first = figure.curves().get(0).points().get(0);
        XYSeries unseen = chart.addSeries("off the grid", new double[] {first.x() + 1e-6}, new double[] {first.y()});
        unseen.setMarker(SeriesMarkers.NONE);
        unseen.setLineStyle(SeriesLines.NONE);
        unseen.setShowInLegend(false);
    }

    /** XChart's ticks start at the axis' end: an axis of steps that starts at 0 has round ticks, at 1 it has 1, 11, 21. */
    private static void startNearZero(XYStyler styler, Figure figure) {
        DoubleSummaryStatistics x = figure.curves().stream()
                .flatMap(curve -> curve.points().stream())
                .mapToDouble(Curve.Point::x)
                .summaryStatistics();
        if (x.getMin() > 0 && x.getMin() < x.getMax() / 10) {
            styler.setXAxisMin(0.0);
        }
    }

    /** XChart gives a constant curve an axis without height; a little room on both sides keeps it readable. */
    private static void roomForFlatCurves(XYStyler styler, Figure figure) {
        double[] values = figure.curves().stream()
                .flatMap(curve -> curve.points().stream())
                .flatMap(point -> Stream.of(point.y(), point.low(), point.high()))
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        if (values.length > 0 && values[0] == values[values.length - 1]) {
            double room = values[0] == 0 ? 1 : Math.abs(values[0]) / 2;
            styler.setYAxisMin(values[0] - room);
            styler.setYAxisMax(values[0] + room);
        }
    }

    private static void addCurve(XYChart chart, Curve curve, int index, Color color) {
        String label = curve.label().length() <= LONGEST_LABEL
                ? curve.label()
                : curve.label().substring(0, LONGEST_LABEL - 1) + "…";
        boolean named = !label.isEmpty();
        String unique = named && !chart.getSeriesMap().containsKey(label) ? label : label + " (" + index + ")";
        XYSeries series =
                chart.addSeries(unique, column(curve, Curve.Point::x), column(curve, Curve.Point::y), bars(curve));
        series.setShowInLegend(named);
        series.setLineColor(color);
        series.setMarkerColor(color);
        series.setMarker(SeriesMarkers.NONE);
        series.setLineStyle(new BasicStroke(2.2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        switch (curve.look()) {
            case LINE -> {
                if (curve.points().size() <= 20) {
                    series.setMarker(SeriesMarkers.CIRCLE);
                }
            }
            case FAINT -> {
                series.setLineColor(translucent(color, 80));
                series.setLineStyle(new BasicStroke(1));
            }
            case DASHED -> series.setLineStyle(SeriesLines.DASH_DASH);
            case INTERVALS -> {
                series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
                series.setMarker(SeriesMarkers.DIAMOND);
            }
            case DOTS -> {
                series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
                series.setMarkerColor(translucent(color, 130));
                series.setMarker(SeriesMarkers.CIRCLE);
            }
        }
    }

    private static double[] bars(Curve curve) {
        return curve.look() == Curve.Look.INTERVALS
                ? column(curve, point -> point.hasInterval() ? (point.high() - point.low()) / 2 : 0)
                : null;
    }

    private static void addBand(XYChart chart, Curve curve, String name, Color color) {
        int n = curve.points().size();
        double[] x = new double[2 * n];
        double[] y = new double[2 * n];
        for (int i = 0; i < n; i++) {
            Curve.Point point = curve.points().get(i);
            x[i] = point.x();
            y[i] = point.high();
            x[2 * n - 1 - i] = point.x();
            y[2 * n - 1 - i] = point.low();
        }
        XYSeries band = chart.addSeries(name, x, y);
        band.setXYSeriesRenderStyle(XYSeriesRenderStyle.PolygonArea);
        band.setFillColor(translucent(color, 40));
        band.setLineStyle(SeriesLines.NONE);
        band.setMarker(SeriesMarkers.NONE);
        band.setShowInLegend(false);
    }

    private static double[] column(Curve curve, ToDoubleFunction<Curve.Point> value) {
        return curve.points().stream().mapToDouble(value).toArray();
    }

    private static Color translucent(Color color, int alpha) {
        return new Color(color.getRed(), color.getGreen(), color.getBlue(), alpha);
    }
}
