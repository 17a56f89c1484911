package ai.rpo.core.judge.figures;

import java.util.Arrays;
import org.apache.commons.math3.random.MersenneTwister;

/**
 * Logistic regression under an L1 penalty, without an intercept: minimises ‖w‖₁ + Σ cᵢ·log(1 + exp(−yᵢ·w·xᵢ)) by
 * newGLMNET (Yuan, Ho and Lin 2012, "An improved GLMNET for L1-regularized logistic regression") with liblinear's
 * constants, stopping rule and random order of coordinates as scikit-learn ships them, so that even what its early stop
 * leaves over is the same.
 */
final class LogisticRegression {

    private static final double TOLERANCE = 1e-4;
    private static final int MOST_NEWTON_STEPS = 100;
    private static final int MOST_CYCLES = 1000;
    private static final int MOST_HALVINGS = 20;
    private static final double RIDGE = 1e-12;
    private static final double SUFFICIENT_DECREASE = 0.01;
    private static final double LONGEST_STEP = 10;
    private static final double SHORTEST_STEP = 1e-12;

    private final double[][] columns;
    private final boolean[] positive;
    private final double[] cost;
    private final int rows;
    private final int features;
    private final int[] order;

    private final double[] weights;
    private final double[] proposed;
    private final double[] gradient;
    private final double[] curvature;
    private final double[] negativeSums;
    private final double[] exponentials;
    private final double[] slope;
    private final double[] spread;
    private final double[] step;
    private double norm;
    private double innerTolerance = 1;
    private double firstViolation;

    private LogisticRegression(Rows data, double c) {
        Rows sorted = data.negativesFirst();
        columns = sorted.columns();
        positive = sorted.positive();
        rows = positive.length;
        features = columns.length;
        cost = Arrays.stream(sorted.weights()).map(weight -> c * weight).toArray();
        order = new int[features];
        weights = new double[features];
        proposed = new double[features];
        gradient = new double[features];
        curvature = new double[features];
        negativeSums = new double[features];
        exponentials = new double[rows];
        slope = new double[rows];
        spread = new double[rows];
        step = new double[rows];
        for (int j = 0; j < features; j++) {
            order[j] = j;
            for (int i = 0; i < rows; i++) {
                negativeSums[j] += positive[i] ? 0 : cost[i] * columns[j][i];
            }
        }
    }

    /**
     * @param data with rows of both labels
     * @param c what the loss counts for beside the penalty
     * @param seed of the order of coordinates
     * @return one weight a feature
     */
    static double[] fit(Rows data, double c, int seed) {
        LogisticRegression regression = new LogisticRegression(data, c);
        regression.solve(new MersenneTwister(seed));
        return regression.weights;
    }

    private void solve(MersenneTwister random) {
        long positives = 0;
        for (boolean label : positive) {
            positives += label ? 1 : 0;
        }
        double tolerance = TOLERANCE * Math.max(Math.min(positives, rows - positives), 1) / rows;
        double largest = Double.POSITIVE_INFINITY;
        moveTo(weights);
        for (int newton = 0; newton < MOST_NEWTON_STEPS; newton++) {
            int active = features;
            double violations = 0;
            double largestNow = 0;
            for (int s = 0; s < active; s++) {
                int j = order[s];
                differentiate(j);
                if (isSettled(weights[j], gradient[j], largest)) {
                    active--;
                    swap(s, active);
                    s--;
                    continue;
                }
                double violation = violation(weights[j], gradient[j]);
                largestNow = Math.max(largestNow, violation);
                violations += violation;
            }
            if (newton == 0) {
                firstViolation = violations;
            }
            if (violations <= tolerance * firstViolation) {
                return;
            }
            int cycles = descend(active, random);
            search();
            if (cycles == 1) {
                innerTolerance *= 0.25;
            }
            largest = largestNow;
        }
    }

    private void differentiate(int j) {
        double sum = 0;
        curvature[j] = RIDGE;
        for (int i = 0; i < rows; i++) {
            double x = columns[j][i];
            curvature[j] += x * x * spread[i];
            sum += x * slope[i];
        }
        gradient[j] = negativeSums[j] - sum;
    }

    /**
     * Cycles over the coordinates of the quadratic model around the weights; leaves its minimum in {@code proposed}.
     */
    private int descend(int active, MersenneTwister random) {
        double largest = Double.POSITIVE_INFINITY;
        int open = active;
        int cycles = 0;
        Arrays.fill(step, 0);
        System.arraycopy(weights, 0, proposed, 0, features);
        while (cycles < MOST_CYCLES) {
            double violations = 0;
            double largestNow = 0;
            for (int j = 0; j < open; j++) {
                swap(j, j + below(open - j, random));
            }
            for (int s = 0; s < open; s++) {
                int j = order[s];
                double slopeHere = modelGradient(j);
                if (isSettled(proposed[j], slopeHere, largest)) {
                    open--;
                    swap(s, open);
                    s--;
                    continue;
                }
                double violation = violation(proposed[j], slopeHere);
                largestNow = Math.max(largestNow, violation);
                violations += violation;
                move(j, slopeHere);
            }
            cycles++;
            if (violations <= innerTolerance * firstViolation) {
                if (open == active) {
                    break;
                }
                open = active;
                largest = Double.POSITIVE_INFINITY;
            } else {
                largest = largestNow;
            }
        }
        return cycles;
    }

    private double modelGradient(int j) {
        double sum = gradient[j] + (proposed[j] - weights[j]) * RIDGE;
        for (int i = 0; i < rows; i++) {
            sum += columns[j][i] * spread[i] * step[i];
        }
        return sum;
    }

    private void move(int j, double slopeHere) {
        double up = slopeHere + 1;
        double down = slopeHere - 1;
        double h = curvature[j];
        double z = up < h * proposed[j] ? -up / h : down > h * proposed[j] ? -down / h : -proposed[j];
        if (Math.abs(z) < SHORTEST_STEP) {
            return;
        }
        z = Math.min(Math.max(z, -LONGEST_STEP), LONGEST_STEP);
        proposed[j] += z;
        for (int i = 0; i < rows; i++) {
            step[i] += columns[j][i] * z;
        }
    }

    /** Halves the step until it brings enough, and takes it. */
    private void search() {
        double normNow = norm(proposed);
        double promised = normNow - norm;
        double negatives = 0;
        for (int j = 0; j < features; j++) {
            promised += gradient[j] * (proposed[j] - weights[j]);
        }
        for (int i = 0; i < rows; i++) {
            negatives += positive[i] ? 0 : cost[i] * step[i];
        }
        for (int halving = 0; halving < MOST_HALVINGS; halving++) {
            double change = normNow - norm + negatives - SUFFICIENT_DECREASE * promised;
            for (int i = 0; i < rows; i++) {
                double factor = Math.exp(step[i]);
                double next = exponentials[i] * factor;
                change += cost[i] * Math.log((1 + next) / (factor + next));
            }
            if (change <= 0) {
                for (int i = 0; i < rows; i++) {
                    place(i, exponentials[i] * Math.exp(step[i]));
                }
                System.arraycopy(proposed, 0, weights, 0, features);
                norm = normNow;
                return;
            }
            for (int j = 0; j < features; j++) {
                proposed[j] = (weights[j] + proposed[j]) / 2;
            }
            for (int i = 0; i < rows; i++) {
                step[i] /= 2;
            }
            normNow = norm(proposed);
            promised /= 2;
            negatives /= 2;
        }
        moveTo(weights);
    }

    private void moveTo(double[] point) {
        for (int i = 0; i < rows; i++) {
            double margin = 0;
            for (int j = 0; j < features; j++) {
                margin += point[j] * columns[j][i];
            }
            place(i, Math.exp(margin));
        }
    }

    private void place(int i, double exponential) {
        double tail = 1 / (1 + exponential);
        exponentials[i] = exponential;
        slope[i] = cost[i] * tail;
        spread[i] = cost[i] * exponential * tail * tail;
    }

    /** A weight of 0 that will most likely stay there. */
    private boolean isSettled(double weight, double slopeHere, double largest) {
        return weight == 0 && slopeHere + 1 > largest / rows && slopeHere - 1 < -largest / rows;
    }

    private static double violation(double weight, double slopeHere) {
        if (weight == 0) {
            return Math.max(0, Math.max(-(slopeHere + 1), slopeHere - 1));
        }
        return Math.abs(weight > 0 ? slopeHere + 1 : slopeHere - 1);
    }

    private static double norm(double[] vector) {
        return Arrays.stream(vector).map(Math::abs).sum();
    }

    private void swap(int a, int b) {
        int kept = order[a];
        order[a] = order[b];
        order[b] = kept;
    }

    /** Draws from 0…n − 1 by Lemire's multiplication with rejection. */
    private static int below(int n, MersenneTwister random) {
        long product = Integer.toUnsignedLong(random.nextInt()) * n;
        long least = (1L << 32) % n;
        while ((product & 0xffffffffL) < least) {
            product = Integer.toUnsignedLong(random.nextInt()) * n;
        }
        return (int) (product >>> 32);
    }

    /**
     * Labelled rows, column by column.
     *
     * @param columns one array a feature
     * @param positive the labels
     * @param weights what each row counts for; rows of 0 must have been left out
     */
    record Rows(double[][] columns, boolean[] positive, double[] weights) {

        /** Orders rows as liblinear groups them. */
        Rows negativesFirst() {
            int n = positive.length;
            int[] from = new int[n];
            int at = 0;
            for (boolean label : new boolean[] {false, true}) {
                for (int i = 0; i < n; i++) {
                    if (positive[i] == label) {
                        from[at++] = i;
                    }
                }
            }
            double[][] moved = new double[columns.length][n];
            boolean[] labels = new boolean[n];
            double[] counts = new double[n];
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < columns.length; j++) {
                    moved[j][i] = columns[j][from[i]];
                }
                labels[i] = positive[from[i]];
                counts[i] = weights[from[i]];
            }
            return new Rows(moved, labels, counts);
        }
    }
}
