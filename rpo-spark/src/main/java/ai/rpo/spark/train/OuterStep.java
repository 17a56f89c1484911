package ai.rpo.spark.train;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * Stochastic gradient descent with Nesterov momentum on averages (DiLoCo, arXiv 2311.08105, algorithm 1, with PyTorch's form
 * of the momentum): with g = θ − mean, v' = μ·v + g and θ' = θ − lr·(g + μ·v').
 */
record OuterStep(double learningRate, double momentum) implements Serializable {

    /**
     * @param mean θ of the workers' mean; becomes θ'
     * @param start θ that the workers started from
     * @param velocity v; nothing is written to it
     * @return v'
     */
    ByteBuffer apply(ByteBuffer mean, ByteBuffer start, ByteBuffer velocity) {
        FloatBuffer next = NetworkState.floats(mean);
        FloatBuffer before = NetworkState.floats(start);
        FloatBuffer speed = NetworkState.floats(velocity);
        ByteBuffer result = ByteBuffer.allocate(velocity.remaining());
        FloatBuffer nextSpeed = NetworkState.floats(result);
        for (int i = 0; i < next.limit(); i++) {
            double gradient = (double) before.get(i) - next.get(i);
            double v = momentum * speed.get(i) + gradient;
            nextSpeed.put(i, (float) v);
            next.put(i, (float) (before.get(i) - learningRate * (gradient + momentum * v)));
        }
        return result;
    }
}
