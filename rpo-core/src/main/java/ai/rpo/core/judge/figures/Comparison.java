package ai.rpo.core.judge.figures;

import ai.rpo.core.judge.Game;
import ai.rpo.core.judge.Game.Verdict;
import ai.rpo.core.judge.Judgment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.DoubleStream;

/**
 * Says how often a model's answers are preferred to a baseline's. Rates are percentages.
 *
 * @param model that is measured
 * @param baseline what it is measured against
 * @param rates of all judgments
 * @param byTurn the same of each turn; none where there is one turn
 * @param standardError of the mean preference, were all judgments independent: 100·sd/√n
 * @param low lower end of the 95 % interval of the mean preference, by a bootstrap over prompts
 * @param high the upper end
 * @param lengthControlled empty where lengths are not known, or no model could be fitted
 * @param orders how much the order of the answers matters
 * @param unparsed judgments without a preference
 * @param meanLength of the model's answers in code points, as AlpacaEval truncates it; empty where they are not known
 * @param baselineMeanLength the same of the baseline's
 * @param identical judgments of equal answers
 * @param emptyAnswers of the model
 * @param baselineEmptyAnswers of the baseline
 */
public record Comparison(
        String model,
        String baseline,
        Rates rates,
        TreeMap<Integer, Rates> byTurn,
        double standardError,
        double low,
        double high,
        Optional<LengthControl.Result> lengthControlled,
        Orders orders,
        int unparsed,
        OptionalInt meanLength,
        OptionalInt baselineMeanLength,
        int identical,
        int emptyAnswers,
        int baselineEmptyAnswers) {

    /**
     * Counts of judgments, and what share of them is which.
     *
     * @param n with a preference
     * @param wins preferences above ½
     * @param losses preferences below ½
     * @param ties the others
     * @param meanPreference in percent, where each counts as it is
     */
    public record Rates(int n, int wins, int losses, int ties, double meanPreference) {

        static Rates of(List<Judgment> judgments) {
            double[] preferences =
                    preferences(judgments).filter(p -> !Double.isNaN(p)).toArray();
            int wins = (int) Arrays.stream(preferences).filter(p -> p > 0.5).count();
            int losses = (int) Arrays.stream(preferences).filter(p -> p < 0.5).count();
            return new Rates(
                    preferences.length,
                    wins,
                    losses,
                    preferences.length - wins - losses,
                    100 * Moments.of(preferences).mean());
        }

        /** Percentage of wins, where a tie is none. */
        public double wonRate() {
            return 100.0 * wins / n;
        }

        /** Percentage of wins, where a tie counts for half a one. */
        public double adjustedRate() {
            return 100 * (wins + ties / 2.0) / n;
        }
    }

    /**
     * Says what both orders of the answers came to.
     *
     * @param inBoth judgments for which the answers were shown in both orders
     * @param same of these, where both orders gave the same verdict
     * @param firstShownWins games that the answer shown first won
     * @param secondShownWins games that the other won
     */
    public record Orders(int inBoth, int same, int firstShownWins, int secondShownWins) {

        static Orders of(List<Judgment> judgments) {
            int inBoth = 0;
            int same = 0;
            int first = 0;
            int second = 0;
            for (Judgment judgment : judgments) {
                List<Game> games = judgment.games();
                if (games.size() == 2 && judgment.isParsed()) {
                    inBoth++;
                    same += games.get(0).verdict() == games.get(1).verdict() ? 1 : 0;
                }
                for (Game game : games) {
                    if (game.verdict() == Verdict.MODEL || game.verdict() == Verdict.BASELINE) {
                        String winner = game.verdict() == Verdict.MODEL
                                ? judgment.subject().model()
                                : judgment.subject().baseline();
                        boolean wasFirst = winner.equals(game.firstShown());
                        first += wasFirst ? 1 : 0;
                        second += wasFirst || game.firstShown().isEmpty() ? 0 : 1;
                    }
                }
            }
            return new Orders(inBoth, same, first, second);
        }
    }

    /**
     * Counts one pair's judgments.
     *
     * @param judgments of one model and one baseline; not all unparsed
     * @param lengthControl absent where none is wanted
     * @param difficulties of the judgments' instructions, in their order; not looked at where the kind is minimal
     */
    static Comparison of(List<Judgment> judgments, Optional<LengthControl> lengthControl, double[] difficulties) {
        double[] preferences = preferences(judgments).toArray();
        double[] parsed =
                Arrays.stream(preferences).filter(p -> !Double.isNaN(p)).toArray();
        ClusterBootstrap bootstrap = new ClusterBootstrap();
        judgments.stream()
                .filter(Judgment::isParsed)
                .forEach(judgment -> bootstrap.add(
                        judgment.subject().promptId(),
                        100 * judgment.preference().orElseThrow()));
        ClusterBootstrap.Interval interval = bootstrap.interval();
        boolean lengthsKnown =
                judgments.stream().allMatch(judgment -> judgment.subject().knowsAnswers());
        TreeMap<Integer, Rates> byTurn = new TreeMap<>();
        judgments.stream()
                .map(judgment -> judgment.subject().turn())
                .distinct()
                .forEach(turn -> byTurn.put(
                        turn,
                        Rates.of(judgments.stream()
                                .filter(judgment -> judgment.subject().turn() == turn)
                                .toList())));
        return new Comparison(
                judgments.get(0).subject().model(),
                judgments.get(0).subject().baseline(),
                Rates.of(judgments),
                byTurn.size() > 1 ? byTurn : new TreeMap<>(),
                100 * Moments.of(parsed).standardError(),
                interval.low(),
                interval.high(),
                lengthsKnown
                        ? lengthControl.flatMap(
                                control -> control.fit(preferences, differences(judgments), difficulties))
                        : Optional.empty(),
                Orders.of(judgments),
                preferences.length - parsed.length,
                lengthsKnown ? mean(judgments, true) : OptionalInt.empty(),
                lengthsKnown ? mean(judgments, false) : OptionalInt.empty(),
                (int) judgments.stream()
                        .map(Judgment::subject)
                        .filter(subject -> subject.modelAnswer() != null
                                && subject.modelAnswer().equals(subject.baselineAnswer()))
                        .count(),
                empty(judgments, Judgment.Subject::modelAnswer),
                empty(judgments, Judgment.Subject::baselineAnswer));
    }

    private static int empty(List<Judgment> judgments, Function<Judgment.Subject, String> answer) {
        return (int) judgments.stream()
                .filter(judgment -> "".equals(answer.apply(judgment.subject())))
                .count();
    }

    private static DoubleStream preferences(List<Judgment> judgments) {
        return judgments.stream().map(Judgment::preference).mapToDouble(preference -> preference.orElse(Double.NaN));
    }

    private static double[] differences(List<Judgment> judgments) {
        return judgments.stream()
                .map(Judgment::subject)
                .mapToDouble(subject -> subject.baselineLength() - subject.modelLength())
                .toArray();
    }

    private static OptionalInt mean(List<Judgment> judgments, boolean ofModel) {
        double mean = judgments.stream()
                .map(Judgment::subject)
                .mapToInt(subject -> ofModel ? subject.modelLength() : subject.baselineLength())
                .average()
                .orElseThrow();
        return OptionalInt.of((int) mean);
    }
}
