package ai.rpo.jobs.online;

import ai.rpo.core.gauge.Overoptimization;
import ai.rpo.core.gauge.Overoptimization.Interval;
import ai.rpo.spark.gauge.GaugePoint;
import ai.rpo.spark.gauge.GaugePoints;
import ai.rpo.spark.store.RunDirectory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Joins what the gauge has measured in finished rounds to one course away from the first round's reference.
 *
 * @param places by round and step; a later round's step 0 is left out, as it is the model of the round before
 * @param reference where rewards count from
 * @param model the point of the last round's model; empty where it is not known which of them that is
 */
public record GaugedRounds(List<Place> places, GaugePoint reference, Optional<GaugePoint> model) {

    private static final String POINTS = "gauge/points.jsonl";
    private static final String REFERENCE = "gauge/reference.json";

    /**
     * A point of the course.
     *
     * @param round counted from 1
     * @param point with the steps of its round alone
     */
    public record Place(int round, GaugePoint point) {}

    public GaugedRounds {
        places = List.copyOf(places);
    }

    /**
     * Reads the rounds' points.
     *
     * @param rounds run directories of finished rounds, in order
     * @param metric by which a round's model is chosen among its checkpoints; empty for the last of them
     * @return empty where nothing was gauged
     */
    public static Optional<GaugedRounds> of(List<RunDirectory> rounds, Optional<String> metric) {
        List<Place> places = new ArrayList<>();
        Optional<GaugePoint> reference = Optional.empty();
        Optional<GaugePoint> model = Optional.empty();
        for (int i = 0; i < rounds.size(); i++) {
            int round = i + 1;
            RunDirectory run = rounds.get(i);
            Optional<GaugePoints> found = run.file(POINTS)
                    .read()
                    .flatMap(lines ->
                            GaugePoints.parse(lines, run.file(REFERENCE).read()));
            if (found.isEmpty()) {
                return Optional.empty();
            }
            reference = reference.or(() -> Optional.of(found.get().reference()));
            model = chosen(found.get(), metric);
            found.get().points().stream()
                    .filter(point -> round == 1 || point.step() > 0)
                    .forEach(point -> places.add(new Place(round, point)));
        }
        Optional<GaugePoint> last = model;
        return reference.map(start -> new GaugedRounds(places, start, last));
    }

    /** Takes the first of equals, as training does. */
    private static Optional<GaugePoint> chosen(GaugePoints points, Optional<String> metric) {
        return metric.isEmpty()
                ? Optional.of(points.last())
                : points.points().stream()
                        .filter(point -> point.step() > 0 && point.rewards().containsKey(metric.get()))
                        .reduce((best, next) -> next.rewards().get(metric.get())
                                        > best.rewards().get(metric.get())
                                ? next
                                : best);
    }

    /** Gives the point of the model that the first round started from. */
    public Optional<GaugePoint> start() {
        return places.stream()
                .map(Place::point)
                .filter(point -> point.step() == 0)
                .findFirst();
    }

    /** Gives the points without their rounds. */
    GaugePoints points() {
        return new GaugePoints(places.stream().map(Place::point).toList(), reference);
    }

    /** Finds the place with the highest gold reward; empty where nothing says what is gold. */
    public Optional<Place> best() {
        return places.stream()
                .filter(place -> place.point.gold().isPresent())
                .max(Comparator.comparingDouble(
                        place -> place.point.gold().orElseThrow().mean()));
    }

    /**
     * Gives the slope of the gold reward by √KL at the last round's model, by the form of Gao et al. that lies nearer to all
     * points (docs/math.md, 36); empty where the points do not suffice.
     */
    public Optional<Interval> slope() {
        return fit().filter(fit -> distance() > 0).map(fit -> fit.slopeAt(distance()));
    }

    private Optional<Overoptimization> fit() {
        return points().gold().flatMap(curve -> curve.fits().stream().findFirst());
    }

    /** Gives √KL of the last policy. */
    public double distance() {
        return Math.sqrt(model.orElse(places.get(places.size() - 1).point).kl().mean());
    }

    /** Tells whether the gold reward falls with distance at the last round's model, by the whole 95 % interval of its slope. */
    public boolean isBehindTheTurn() {
        return slope().filter(slope -> slope.high() < 0).isPresent();
    }

    /** Says in words where the gold reward is highest and, if it is known, how it moves by now. */
    public String describe() {
        StringBuilder words = new StringBuilder();
        slope().ifPresent(slope -> words.append(String.format(
                Locale.ROOT,
                "At √KL = %.3f the gold reward's slope is %.4g (95 %% interval %.4g to %.4g). ",
                distance(),
                slope.value(),
                slope.low(),
                slope.high())));
        best().ifPresent(best -> words.append(String.format(
                Locale.ROOT,
                "It is highest, %.4f, %s.",
                best.point.gold().orElseThrow().mean(),
                best.point.step() == 0
                        ? "before the first round"
                        : "in round " + best.round + " at step " + best.point.step())));
        return words.toString().strip();
    }

    /** Gives the lines of {@code online/points.jsonl}: those of {@code gauge/points.jsonl} with their {@code round}. */
    public String toJsonLines() {
        StringBuilder lines = new StringBuilder();
        places.forEach(place -> lines.append("{\"round\":")
                .append(place.round)
                .append(',')
                .append(place.point.toJson(), 1, place.point.toJson().length())
                .append('\n'));
        return lines.toString();
    }
}
