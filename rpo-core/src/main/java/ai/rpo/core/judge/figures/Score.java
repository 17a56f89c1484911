package ai.rpo.core.judge.figures;

import ai.rpo.core.judge.Judgment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * The mean grade of a model's answers.
 *
 * @param turn of the answers; all where absent
 * @param category of the prompts; all where absent
 * @param mean of the grades that could be read
 * @param low lower end of the 95 % interval, by a bootstrap over prompts
 * @param high the upper end
 * @param n grades
 * @param unparsed answers of the judge without a grade
 */
public record Score(
        String model,
        OptionalInt turn,
        Optional<String> category,
        double mean,
        double low,
        double high,
        int n,
        int unparsed) {

    /** Collects of each model all grades, those of each turn, of each category, and of each category in each turn. */
    static List<Score> of(List<Judgment> judgments) {
        Map<String, List<Judgment>> byModel = new LinkedHashMap<>();
        judgments.forEach(judgment -> byModel.computeIfAbsent(judgment.subject().model(), model -> new ArrayList<>())
                .add(judgment));
        List<Score> scores = new ArrayList<>();
        byModel.forEach((model, all) -> {
            Set<OptionalInt> turns = new LinkedHashSet<>(List.of(OptionalInt.empty()));
            new TreeSet<>(all.stream()
                            .map(judgment -> judgment.subject().turn())
                            .toList())
                    .forEach(turn -> turns.add(OptionalInt.of(turn)));
            Set<Optional<String>> categories = new LinkedHashSet<>(List.of(Optional.empty()));
            all.stream()
                    .map(judgment -> judgment.subject().category())
                    .filter(category -> !category.isEmpty())
                    .forEach(category -> categories.add(Optional.of(category)));
            for (Optional<String> category : categories) {
                turns.forEach(turn -> of(model, turn, category, all).ifPresent(scores::add));
            }
        });
        return scores;
    }

    private static Optional<Score> of(String model, OptionalInt turn, Optional<String> category, List<Judgment> all) {
        ClusterBootstrap bootstrap = new ClusterBootstrap();
        List<Double> grades = new ArrayList<>();
        int unparsed = 0;
        for (Judgment judgment : all) {
            boolean counts =
                    (turn.isEmpty() || turn.getAsInt() == judgment.subject().turn())
                            && (category.isEmpty()
                                    || category.get().equals(judgment.subject().category()));
            if (counts && judgment.isParsed()) {
                grades.add(judgment.score().orElseThrow());
                bootstrap.add(judgment.subject().promptId(), judgment.score().orElseThrow());
            }
            unparsed += counts && !judgment.isParsed() ? 1 : 0;
        }
        if (grades.isEmpty()) {
            return Optional.empty();
        }
        double mean = Moments.of(grades.stream().mapToDouble(grade -> grade).toArray())
                .mean();
        ClusterBootstrap.Interval interval = bootstrap.interval();
        return Optional.of(
                new Score(model, turn, category, mean, interval.low(), interval.high(), grades.size(), unparsed));
    }
}
