package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.gauge.Overoptimization.Interval;
import ai.rpo.core.gauge.RewardCurve;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.gauge.GaugePoint;
import ai.rpo.spark.gauge.GaugePoints;
import ai.rpo.spark.gauge.PolicyGauge;
import ai.rpo.spark.gauge.SeenPrompts;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The model that training started from and its checkpoints become points: how far each is from the reference, and what
 * its completions are worth. Points that training has measured on the way are taken over.
 */
final class Gauging implements Stage {

    /** Says where a page finds the points. */
    static final String POINTS = "gauge/points.jsonl";

    private static final String REFERENCE = "gauge/reference.json";

    private final Workplace place;
    private final Stage score;
    private final Train train;
    private final Measuring measuring;

    Gauging(Workplace place, Stage score, Train train) {
        this.place = place;
        this.score = score;
        this.train = train;
        this.measuring = new Measuring(place);
    }

    @Override
    public String name() {
        return "gauge";
    }

    @Override
    public String folder() {
        return "gauge";
    }

    @Override
    public String product() {
        return POINTS;
    }

    @Override
    public List<Stage> requires() {
        return List.of(score, train);
    }

    @Override
    public void checkMakeable() {
        measuring.check();
    }

    @Override
    public Map<String, String> dependsOn() {
        Map<String, String> values = new LinkedHashMap<>(measuring.dependsOn());
        values.put(
                "rpo.gauge.every",
                place.configuration().valuesUnder("rpo.gauge").get("rpo.gauge.every"));
        return values;
    }

    @Override
    public boolean resumes() {
        return true;
    }

    @Override
    public Map<String, Long> make(Fingerprint fingerprint, Progress progress) {
        List<GaugePoint> points = List.copyOf(points(progress).values());
        Optional<String> reference = place.isOwnReference()
                ? Optional.empty()
                : Optional.of(
                        measuring.gauge(folder()).measureReference(progress).toJson());
        place.inputs().requireUnchanged(place.settings().gauge().prompts());
        String lines = points.stream().map(point -> point.toJson() + "\n").collect(Collectors.joining());
        reference.ifPresent(point -> place.run().file(REFERENCE).write(point + "\n"));
        place.run().file(POINTS).write(lines);
        place.run()
                .file("gauge/report.json")
                .write(Json.text(report(GaugePoints.parse(lines, reference).orElseThrow(), seen())));
        return Map.of("points", (long) points.size());
    }

    @Override
    public void cleanUp() {
        place.redrawReport();
    }

    /** Prompts that are trained on say little of others. */
    private SeenPrompts seen() {
        String start = "/step-00000000/completions";
        String completions = place.run().exists(Train.GAUGE + start) ? Train.GAUGE + start : folder() + start;
        SeenPrompts seen = SeenPrompts.of(
                place.spark().session(),
                place.run().path(completions),
                place.run().path("reference/train"));
        if (seen.trained() > 0) {
            place.remarks()
                    .note(String.format(
                            Locale.ROOT,
                            "%,d of the %,d prompts in rpo.gauge.prompts are trained on, which a gauge should not see",
                            seen.trained(),
                            seen.prompts()));
        }
        return seen;
    }

    private SortedMap<Long, GaugePoint> points(Progress progress) {
        SortedMap<Long, GaugePoint> points = new TreeMap<>();
        measuring.gauge(Train.GAUGE).points().forEach(point -> points.put(point.step(), point));
        PolicyGauge own = measuring.gauge(folder());
        if (!points.containsKey(0L)) {
            points.put(0L, own.measure(0, place.open(place.model()), progress));
        }
        SortedMap<Long, LocalModel> kept = train.checkpoints();
        if (kept.isEmpty()) {
            throw RpoException.data("Cannot gauge " + place.run().path(train.folder())
                    + ": none of its checkpoints is there any more. Train again with rpo.overwrite = true.");
        }
        for (Map.Entry<Long, LocalModel> checkpoint : kept.entrySet()) {
            long step = checkpoint.getKey();
            boolean isFar = step - points.headMap(step).lastKey()
                    >= place.settings().gauge().every();
            if (!points.containsKey(step) && (isFar || step == kept.lastKey())) {
                points.put(step, own.measure(step, checkpoint.getValue(), progress));
            }
        }
        return points;
    }

    private Map<String, Object> report(GaugePoints points, SeenPrompts seen) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("points", points.points().size());
        report.put("prompts", seen.prompts());
        report.put("prompts_trained_on", seen.trained());
        report.put("completions_each", points.last().completions());
        report.put("logps_shift_of", measuring.pairs().orElse(""));
        report.put("proxy", measuring.proxy().map(Rating::models).orElse(List.of()));
        points.proxy().ifPresent(curve -> report.put("proxy_fits", fits(curve)));
        report.put("gold", place.settings().gauge().gold());
        points.gold().ifPresent(curve -> report.put("gold_fits", fits(curve)));
        return report;
    }

    /** The forms, the one that is nearer to the points first. */
    private static List<Map<String, Object>> fits(RewardCurve curve) {
        double now = curve.points().isEmpty()
                ? 0
                : curve.points().get(curve.points().size() - 1).distance();
        return curve.fits().stream()
                .map(fit -> {
                    Map<String, Object> facts = new LinkedHashMap<>();
                    facts.put("form", fit.form().name().toLowerCase(Locale.ROOT).replace('_', '-'));
                    facts.put("alpha", interval(fit.alphaInterval()));
                    facts.put("beta", interval(fit.betaInterval()));
                    fit.peak().ifPresent(at -> facts.put("turn", interval(fit.peakInterval())));
                    facts.put("distance", now);
                    facts.put("slope", interval(fit.slopeAt(now)));
                    return facts;
                })
                .toList();
    }

    /** An end that is not there is left out: JSON has no infinity. */
    private static Map<String, Object> interval(Interval interval) {
        Map<String, Object> ends = new LinkedHashMap<>();
        ends.put("value", interval.value());
        ends.put("low", interval.low());
        if (Double.isFinite(interval.high())) {
            ends.put("high", interval.high());
        }
        return ends;
    }

    @Override
    public List<String> summary() {
        List<GaugePoint> points = place.run()
                .file(POINTS)
                .read()
                .orElse("")
                .lines()
                .map(GaugePoint::fromJson)
                .toList();
        return points.stream().map(Gauging::line).toList();
    }

    private static String line(GaugePoint point) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "  step %,d: %.4f nats from the reference (± %.4f)",
                point.step(),
                point.kl().mean(),
                point.kl().error()));
        point.proxy().ifPresent(mean -> line.append(String.format(Locale.ROOT, ", proxy %.4f", mean.mean())));
        point.gold().ifPresent(mean -> line.append(String.format(Locale.ROOT, ", gold %.4f", mean.mean())));
        return line.toString();
    }
}
