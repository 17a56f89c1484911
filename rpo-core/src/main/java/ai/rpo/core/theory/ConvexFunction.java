package ai.rpo.core.theory;

/** A convex function of a vector that has two derivatives. */
public interface ConvexFunction {

    double value(double[] at);

    double[] gradient(double[] at);

    /** Symmetric. */
    double[][] hessian(double[] at);
}
