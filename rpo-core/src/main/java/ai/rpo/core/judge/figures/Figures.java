package ai.rpo.core.judge.figures;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Annotations;
import ai.rpo.core.judge.Judgment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Says what judgments come to.
 *
 * @param made what they were made by
 * @param comparisons of each model and baseline
 * @param scores of answers alone
 * @param showsRates whether rates are shown: not where judgments are missing, unless that is allowed
 */
public record Figures(Annotations made, List<Comparison> comparisons, List<Score> scores, boolean showsRates) {

    /**
     * Counts judgments.
     *
     * @param lengthControl of win rates; absent where none is wanted
     * @param difficulty of their instructions
     * @param allowMissing whether rates are shown though judgments have no verdict
     * @throws RpoException where no judgment of a pair has a preference, or difficulties do not fit
     */
    public static Figures of(
            Annotations made, Optional<LengthControl> lengthControl, Difficulty difficulty, boolean allowMissing) {
        Map<List<String>, List<Judgment>> pairs = new LinkedHashMap<>();
        List<Judgment> alone = new ArrayList<>();
        for (Judgment judgment : made.judgments()) {
            if (judgment.subject().isPairwise()) {
                pairs.computeIfAbsent(
                                List.of(
                                        judgment.subject().model(),
                                        judgment.subject().baseline()),
                                pair -> new ArrayList<>())
                        .add(judgment);
            } else {
                alone.add(judgment);
            }
        }
        List<Comparison> comparisons = new ArrayList<>();
        pairs.forEach((pair, judgments) -> {
            if (judgments.stream().noneMatch(Judgment::isParsed)) {
                throw RpoException.data("Cannot compare " + pair.get(0) + " with " + pair.get(1) + ": none of "
                        + judgments.size() + " judgments has a verdict. Look at the judge's answers"
                        + " in judge/judgments.");
            }
            comparisons.add(Comparison.of(
                    judgments,
                    lengthControl,
                    lengthControl.isPresent() ? difficulty.of(judgments, lengthControl.get()) : new double[0]));
        });
        return new Figures(
                made,
                comparisons,
                Score.of(alone),
                allowMissing || unparsed(made).isEmpty());
    }

    /** Judgments without a verdict. */
    public static List<Judgment> unparsed(Annotations made) {
        return made.judgments().stream()
                .filter(judgment -> !judgment.isParsed())
                .collect(Collectors.toList());
    }
}
