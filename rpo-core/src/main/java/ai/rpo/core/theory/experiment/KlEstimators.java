package ai.rpo.core.theory.experiment;

/**
 * Exact moments of the three estimators of KL(q‖p) from samples x ~ q, with ℓ = log q(x)/p(x): k1 = ℓ, k2 = ℓ²/2,
 * k3 = e^{−ℓ} − 1 + ℓ.
 *
 * @param kl what they estimate
 */
public record KlEstimators(double kl, Moments k1, Moments k2, Moments k3) {

    /** Holds an estimator's mean and standard deviation over one sample. */
    public record Moments(double mean, double deviation) {}

    public static KlEstimators of(double[] q, double[] p) {
        double[][] values = new double[3][q.length];
        double kl = 0;
        for (int i = 0; i < q.length; i++) {
            double ratio = Math.log(q[i] / p[i]);
            kl += q[i] * ratio;
            values[0][i] = ratio;
            values[1][i] = ratio * ratio / 2;
            values[2][i] = p[i] / q[i] - 1 + ratio;
        }
        return new KlEstimators(kl, moments(q, values[0]), moments(q, values[1]), moments(q, values[2]));
    }

    /** Policies near the reference and far from it, against (.4, .4, .2). */
    public static KlEstimators near() {
        return of(new double[] {0.7, 0.2, 0.1}, new double[] {0.4, 0.4, 0.2});
    }

    public static KlEstimators far() {
        return of(new double[] {0.98, 0.01, 0.01}, new double[] {0.4, 0.4, 0.2});
    }

    private static Moments moments(double[] q, double[] values) {
        double mean = 0;
        double square = 0;
        for (int i = 0; i < q.length; i++) {
            mean += q[i] * values[i];
            square += q[i] * values[i] * values[i];
        }
        return new Moments(mean, Math.sqrt(square - mean * mean));
    }
}
