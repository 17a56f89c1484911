package ai.rpo.core.theory.experiment;

/** Straight lines and pairs of terms through points. */
final class LeastSquares {

    private LeastSquares() {}

    /** The slope of log y against log x. */
    static double logLogSlope(double[] x, double[] y) {
        int n = x.length;
        double meanX = 0;
        double meanY = 0;
        for (int i = 0; i < n; i++) {
            meanX += Math.log(x[i]) / n;
            meanY += Math.log(y[i]) / n;
        }
        double covariance = 0;
        double variance = 0;
        for (int i = 0; i < n; i++) {
            covariance += (Math.log(x[i]) - meanX) * (Math.log(y[i]) - meanY);
            variance += (Math.log(x[i]) - meanX) * (Math.log(x[i]) - meanX);
        }
        return covariance / variance;
    }

    /**
     * y ≈ a·first + b·second.
     *
     * @param error root of the mean squared residual
     */
    record Fit(double a, double b, double error) {}

    static Fit fit(double[] first, double[] second, double[] y) {
        double ff = 0;
        double fs = 0;
        double ss = 0;
        double fy = 0;
        double sy = 0;
        for (int i = 0; i < y.length; i++) {
            ff += first[i] * first[i];
            fs += first[i] * second[i];
            ss += second[i] * second[i];
            fy += first[i] * y[i];
            sy += second[i] * y[i];
        }
        double determinant = ff * ss - fs * fs;
        double a = (fy * ss - sy * fs) / determinant;
        double b = (sy * ff - fy * fs) / determinant;
        double squares = 0;
        for (int i = 0; i < y.length; i++) {
            double residual = a * first[i] + b * second[i] - y[i];
            squares += residual * residual / y.length;
        }
        return new Fit(a, b, Math.sqrt(squares));
    }
}
