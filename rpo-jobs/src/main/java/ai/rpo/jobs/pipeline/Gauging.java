package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.spark.device.LocalModel;
import ai.rpo.spark.gauge.GaugePoint;
import ai.rpo.spark.gauge.PolicyGauge;
import ai.rpo.spark.store.Fingerprint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The model that training started from and its checkpoints become points: how far each is from the reference, and what its
 * completions are worth. Points that training has measured on the way are taken over.
 */
final class Gauging implements Stage {

    private static final String POINTS = "gauge/points.jsonl";

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
        SortedMap<Long, GaugePoint> points = points(progress);
        place.inputs().requireUnchanged(place.settings().gauge().prompts());
        place.run()
                .file(POINTS)
                .write(points.values().stream()
                        .map(point -> point.toJson() + "\n")
                        .collect(Collectors.joining()));
        place.run().file("gauge/report.json").write(Json.text(report(points)));
        return Map.of("points", (long) points.size());
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

    private Map<String, Object> report(SortedMap<Long, GaugePoint> points) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("points", points.size());
        report.put("completions_each", points.get(0L).completions());
        report.put("proxy", measuring.proxy().map(Rating::models).orElse(List.of()));
        report.put("gold", measuring.gold().map(Rating::models).orElse(List.of()));
        report.put("logps_shift_of", measuring.pairs().orElse(""));
        return report;
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
