package ai.rpo.core.judge.figures;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * The win rate that a model would have if its answers were as long as the baseline's (Dubois et al. 2024, arXiv
 * 2404.04475): P(model wins) = σ(w₁·tanh(Δ/s) + w₂·d + w₃), fitted under an L1 penalty, and predicted with Δ = 0.
 *
 * @param kind which terms and rows there are
 * @param regularizer with the kinds that need one
 * @param c what the loss counts for beside the penalty; chosen by cross-validation where absent
 */
public record LengthControl(Kind kind, Optional<Regularizer> regularizer, OptionalDouble c) {

    /** Says what a regularising row counts for. */
    private static final double REGULARIZING = 0.1;

    /** Fewer rows tell nothing about three weights. */
    private static final int FEWEST_ROWS = 10;

    /** Says which terms and rows there are. */
    public enum Kind {
        /** AlpacaEval's own: length, difficulty and the model, and rows that regularise. */
        ALPACA_EVAL,
        /** Without those rows. */
        NO_REGULARIZER,
        /** Without them and without difficulty: for any prompts. */
        MINIMAL
    }

    public LengthControl {
        if (kind != Kind.MINIMAL && regularizer.isEmpty()) {
            throw new IllegalArgumentException(kind + " needs a regularizer");
        }
    }

    /**
     * Holds what was fitted.
     *
     * @param winRate in percent
     * @param standardError in percent; empty where every instruction is predicted alike
     * @param weights of length, difficulty where the kind has it, and the model
     * @param c what the loss counted for
     */
    public record Result(double winRate, OptionalDouble standardError, double[] weights, double c) {}

    /**
     * Fits one model's rows.
     *
     * @param preferences in [0, 1], or NaN where there is none; such rows are predicted only
     * @param differences length of the baseline's answer minus that of the model's
     * @param difficulties of the rows' instructions; not looked at where {@code kind} is minimal
     * @return empty where there are too few rows, or one side wins them all
     */
    public Optional<Result> fit(double[] preferences, double[] differences, double[] difficulties) {
        int given = kind == Kind.ALPACA_EVAL ? regularizer.orElseThrow().preferences().length : 0;
        double deviation = deviation(differences);
        int[] judged = IntStream.range(0, preferences.length)
                .filter(i -> !Double.isNaN(preferences[i]))
                .toArray();
        int n = given + judged.length;
        double[][] features = new double[n][];
        double[] labels = new double[n];
        double[] weights = new double[n];
        for (int i = 0; i < given; i++) {
            Regularizer rows = regularizer.orElseThrow();
            features[i] = new double[] {Math.tanh(rows.lengths()[i]), rows.rowDifficulties()[i], 0};
            labels[i] = rows.preferences()[i];
            weights[i] = REGULARIZING;
        }
        for (int i = 0; i < judged.length; i++) {
            int row = judged[i];
            double length = deviation > 0 ? Math.tanh(differences[row] / deviation) : 0;
            features[given + i] = features(length, difficulties, row);
            labels[given + i] = preferences[row];
            weights[given + i] = 1;
        }
        SoftRows rows = new SoftRows(features, labels, weights);
        if (judged.length < FEWEST_ROWS || !rows.hasBothLabels(i -> i >= given)) {
            return Optional.empty();
        }
        double used = c.orElseGet(() -> CrossValidation.choose(rows));
        double[] fitted = LogisticRegression.fit(rows.split(i -> true), used, CrossValidation.SEED);
        return Optional.of(predict(fitted, used, preferences.length, difficulties));
    }

    private double[] features(double length, double[] difficulties, int row) {
        return kind == Kind.MINIMAL ? new double[] {length, 1} : new double[] {length, difficulties[row], 1};
    }

    private Result predict(double[] fitted, double used, int n, double[] difficulties) {
        double[] wins = IntStream.range(0, n)
                .mapToDouble(i -> SoftRows.probability(fitted, features(0, difficulties, i)))
                .toArray();
        Moments moments = Moments.of(wins);
        return new Result(
                100 * moments.mean(),
                kind == Kind.MINIMAL ? OptionalDouble.empty() : OptionalDouble.of(100 * moments.standardError()),
                fitted,
                used);
    }

    /** Computes the deviation of all rows around their mean, with n − 1. */
    private static double deviation(double[] values) {
        return Moments.of(values).deviation();
    }
}
