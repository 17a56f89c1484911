package ai.rpo.core.objective;

/** Computes the logistic function and its logarithm without overflow. */
public final class Logistic {

    private Logistic() {}

    /** Returns σ(x) = 1/(1 + e⁻ˣ). */
    public static double sigmoid(double x) {
        if (x >= 0) {
            return 1 / (1 + Math.exp(-x));
        }
        double e = Math.exp(x);
        return e / (1 + e);
    }

    /** Returns log σ(x) without overflow or cancellation. */
    public static double logSigmoid(double x) {
        return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
    }
}
