package ai.rpo.core.gauge;

import java.util.Arrays;
import java.util.OptionalDouble;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * Fits how a gold reward R, which is 0 at the reference, rises and falls with the distance d = √KL from it (Gao et al.,
 * arXiv 2210.10760), {@code R(d) = α·d − β·g(d)}, by weighted least squares.
 *
 * @param form which g
 * @param alpha α, the slope that would be without overoptimization
 * @param beta β, how strongly it bends
 * @param covariance of α and β: their variances and, in the middle, their covariance
 * @param quantile 97.5 % quantile of Student's t for the points' degrees of freedom, which 95 % intervals are made with
 */
public record Overoptimization(Form form, double alpha, double beta, Covariance covariance, double quantile) {

    /** Says what bends the curve. */
    public enum Form {
        /** g(d) = d²: the form of best-of-n, R = d·(α − β·d). */
        BEST_OF_N {
            @Override
            double bend(double d) {
                return d * d;
            }

            @Override
            double slope(double d) {
                return 2 * d;
            }

            @Override
            double peak(double ratio) {
                return ratio / 2;
            }
        },
        /** g(d) = d·ln d: the form of reinforcement learning, R = d·(α − β·ln d), whose slope at 0 is infinite. */
        LEARNING {
            @Override
            double bend(double d) {
                return d * Math.log(d);
            }

            @Override
            double slope(double d) {
                return Math.log(d) + 1;
            }

            @Override
            double peak(double ratio) {
                return Math.exp(ratio - 1);
            }
        };

        abstract double bend(double d);

        /** The derivative of {@link #bend}. */
        abstract double slope(double d);

        /** Tells where the curve turns, by α/β. */
        abstract double peak(double ratio);
    }

    /** Holds the covariance matrix of two estimates. */
    public record Covariance(double ofAlpha, double between, double ofBeta) {}

    /** A value with its 95 % interval. */
    public record Interval(double value, double low, double high) {}

    /**
     * Fits one form.
     *
     * @param distances √KL, above 0
     * @param rewards gold rewards less the reference's
     * @param errors their standard errors; all 0 where they are not known, and then points count alike and their
     *     scatter tells the error
     * @throws IllegalArgumentException unless there are three points, at two distances or more
     */
    public static Overoptimization fit(Form form, double[] distances, double[] rewards, double[] errors) {
        int points = distances.length;
        if (points < 3) {
            throw new IllegalArgumentException("A fit of two numbers needs three points, not " + points + ".");
        }
        boolean known = Arrays.stream(errors).anyMatch(error -> error != 0);
        if (known && !Arrays.stream(errors).allMatch(error -> error > 0)) {
            throw new IllegalArgumentException("Either all points have a standard error above 0, or none has one.");
        }
        double aa = 0;
        double ab = 0;
        double bb = 0;
        double ar = 0;
        double br = 0;
        for (int i = 0; i < points; i++) {
            double weight = known ? 1 / (errors[i] * errors[i]) : 1;
            double a = distances[i];
            double b = -form.bend(distances[i]);
            aa += weight * a * a;
            ab += weight * a * b;
            bb += weight * b * b;
            ar += weight * a * rewards[i];
            br += weight * b * rewards[i];
        }
        double determinant = aa * bb - ab * ab;
        if (!(determinant > 1e-12 * aa * bb)) {
            throw new IllegalArgumentException("The points do not tell alpha from beta: they lie at one distance.");
        }
        double alpha = (ar * bb - br * ab) / determinant;
        double beta = (br * aa - ar * ab) / determinant;
        double squares = 0;
        for (int i = 0; i < points; i++) {
            double weight = known ? 1 / (errors[i] * errors[i]) : 1;
            double residual = rewards[i] - alpha * distances[i] + beta * form.bend(distances[i]);
            squares += weight * residual * residual;
        }
        double scatter = squares / (points - 2);
        double scale =
                known ? Math.max(1, scatter) : scatter; // points that scatter more than their errors say are worth less
        return new Overoptimization(
                form,
                alpha,
                beta,
                new Covariance(scale * bb / determinant, -scale * ab / determinant, scale * aa / determinant),
                new TDistribution(points - 2).inverseCumulativeProbability(0.975));
    }

    /** Returns the reward at a distance above 0. */
    public double at(double distance) {
        return alpha * distance - beta * form.bend(distance);
    }

    /** Gives dR/dd at a distance above 0, with its 95 % interval: below 0 behind the turn. */
    public Interval slopeAt(double distance) {
        double bend = form.slope(distance);
        return interval(
                alpha - beta * bend,
                covariance.ofAlpha - 2 * bend * covariance.between + bend * bend * covariance.ofBeta);
    }

    /** Gives α with its interval. */
    public Interval alphaInterval() {
        return interval(alpha, covariance.ofAlpha);
    }

    /** Gives β with its interval. */
    public Interval betaInterval() {
        return interval(beta, covariance.ofBeta);
    }

    private Interval interval(double value, double variance) {
        double half = quantile * Math.sqrt(variance);
        return new Interval(value, value - half, value + half);
    }

    /**
     * Returns the distance at which the reward is highest, α/(2β) or e^{α/β − 1}; empty unless the curve bends down.
     */
    public OptionalDouble peak() {
        return beta > 0 && (form == Form.LEARNING || alpha > 0)
                ? OptionalDouble.of(form.peak(alpha / beta))
                : OptionalDouble.empty();
    }

    /**
     * Gives the 95 % interval of {@link #peak} by Fieller's theorem for the ratio α/β; its end is infinite where β is
     * not certain to be above 0, so that the points do not show that there is a peak.
     *
     * @throws java.util.NoSuchElementException if there is no peak
     */
    public Interval peakInterval() {
        double value = peak().orElseThrow();
        double q2 = quantile * quantile;
        double a = beta * beta - q2 * covariance.ofBeta;
        double b = alpha * beta - q2 * covariance.between;
        double c = alpha * alpha - q2 * covariance.ofAlpha;
        double discriminant = b * b - a * c;
        if (a <= 0) {
            double lower = a < 0 && discriminant > 0 ? (b - Math.sqrt(discriminant)) / a : Double.NEGATIVE_INFINITY;
            return new Interval(value, Math.max(0, form.peak(lower)), Double.POSITIVE_INFINITY);
        }
        double root = Math.sqrt(Math.max(0, discriminant));
        return new Interval(value, Math.max(0, form.peak((b - root) / a)), form.peak((b + root) / a));
    }
}
