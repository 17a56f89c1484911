package ai.rpo.core.theory;

import java.util.stream.IntStream;

/**
 * Minimises a convex function over a box by Bertsekas' projected Newton method (1982): variables that press against a
 * bound are set to it, the others take a damped Newton step, projected back. A small ridge settles directions in which
 * the function is flat, such as a shift of all rewards: they are left where they are.
 */
final class ProjectedNewton {

    private static final double RIDGE = 1e-9;
    private static final double TOLERANCE = 1e-14;
    private static final double LONGEST_STEP = 10;
    private static final double NEAR_BOUND = 1e-3;
    private static final int MOST_STEPS = 2000;
    private static final int MOST_HALVINGS = 50;

    private final ConvexFunction function;
    private final double[] low;
    private final double[] high;

    /** A point, with what is known of the function there. */
    private record Point(double[] at, double value, double[] gradient, double residual) {}

    private ProjectedNewton(ConvexFunction function, double[] low, double[] high) {
        this.function = function;
        this.low = low;
        this.high = high;
    }

    /**
     * @param low may be −∞
     * @param high may be ∞
     */
    static double[] minimize(ConvexFunction function, double[] start, double[] low, double[] high) {
        return new ProjectedNewton(function, low, high).from(start);
    }

    private double[] from(double[] start) {
        Point point = point(start.clone());
        for (int step = 0; step < MOST_STEPS && point.residual > TOLERANCE; step++) {
            Point next = next(point);
            if (next == null) {
                break; // no further than rounding allows
            }
            point = next;
        }
        return point.at;
    }

    private Point point(double[] at) {
        double[] gradient = function.gradient(at);
        return new Point(at, function.value(at), gradient, residual(at, gradient));
    }

    private Point next(Point from) {
        Point next = alongArc(from, newton(from));
        return next != null ? next : alongArc(from, downhill(from));
    }

    /** The first of x, halved steps back to it, that is better by enough; null where there is none. */
    private Point alongArc(Point from, double[] direction) {
        double t = 1;
        for (int halving = 0; halving < MOST_HALVINGS; halving++, t /= 2) {
            double[] at = moved(from.at, direction, t);
            double predicted = 0;
            for (int i = 0; i < at.length; i++) {
                predicted += from.gradient[i] * (from.at[i] - at[i]);
            }
            if (Math.abs(predicted) < 1e-15 * Math.max(1, Math.abs(from.value))) {
                // Values no longer tell the two apart; gradients still do.
                Point next = point(at);
                return next.residual < from.residual ? next : null;
            }
            if (predicted > 0 && function.value(at) <= from.value - 1e-4 * predicted) {
                return point(at);
            }
        }
        return null;
    }

    private static double[] downhill(Point from) {
        double[] direction = new double[from.at.length];
        for (int i = 0; i < direction.length; i++) {
            direction[i] = -from.gradient[i];
        }
        return direction;
    }

    private double[] newton(Point from) {
        double near = Math.min(NEAR_BOUND, from.residual);
        double[] direction = new double[from.at.length];
        boolean[] bound = new boolean[from.at.length];
        for (int i = 0; i < direction.length; i++) {
            double nearest = from.gradient[i] > 0 ? low[i] : high[i];
            bound[i] = from.gradient[i] != 0 && Math.abs(from.at[i] - nearest) <= near;
            direction[i] = bound[i] ? nearest - from.at[i] : 0;
        }
        int[] free = IntStream.range(0, bound.length).filter(i -> !bound[i]).toArray();
        double[] step = newtonStep(function.hessian(from.at), from.gradient, free);
        for (int i = 0; i < free.length; i++) {
            direction[free[i]] = step[i];
        }
        return direction;
    }

    private static double[] newtonStep(double[][] whole, double[] gradient, int[] free) {
        double[][] hessian = new double[free.length][free.length];
        double[] downhill = new double[free.length];
        double largest = 0;
        for (int i = 0; i < free.length; i++) {
            downhill[i] = -gradient[free[i]];
            largest = Math.max(largest, whole[free[i]][free[i]]);
            for (int j = 0; j < free.length; j++) {
                hessian[i][j] = whole[free[i]][free[j]];
            }
        }
        double ridge = Math.max(RIDGE * largest, 1e-15);
        double[] step = Cholesky.solve(hessian, ridge, downhill);
        while (step == null) {
            ridge *= 100;
            step = Cholesky.solve(hessian, ridge, downhill);
        }
        double longest = 0;
        for (double part : step) {
            longest = Math.max(longest, Math.abs(part));
        }
        if (longest > LONGEST_STEP) {
            for (int i = 0; i < step.length; i++) {
                step[i] *= LONGEST_STEP / longest;
            }
        }
        return step;
    }

    private double[] moved(double[] x, double[] direction, double t) {
        double[] next = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            next[i] = Math.min(high[i], Math.max(low[i], x[i] + t * direction[i]));
        }
        return next;
    }

    /** The largest move of a projected gradient step: 0 at the minimum only. */
    private double residual(double[] x, double[] gradient) {
        double largest = 0;
        for (int i = 0; i < x.length; i++) {
            double moved = Math.min(high[i], Math.max(low[i], x[i] - gradient[i]));
            largest = Math.max(largest, Math.abs(moved - x[i]));
        }
        return largest;
    }
}
