package ai.rpo.core.model;

import ai.rpo.core.tensor.Noise;
import java.nio.FloatBuffer;

/**
 * Draws the weight of a reward model's head, for a language model that is to become one: normal, with mean 0.
 *
 * @param seed of which each number is a function
 * @param deviation standard deviation of the numbers, transformers' {@code initializer_range}
 */
record DrawnHead(long seed, double deviation) implements Weights {

    static DrawnHead of(JsonObject config, long seed) {
        return new DrawnHead(seed, config.positive("initializer_range", 0.02));
    }

    /** Fills by the method of Box and Muller, two uniform numbers for each. */
    @Override
    public void read(ParameterLayout.Entry entry, long elementOffset, FloatBuffer target) {
        for (long i = elementOffset; target.hasRemaining(); i++) {
            double radius = Math.sqrt(-2 * Math.log(1 - Noise.uniform(seed, 2 * i)));
            double angle = 2 * Math.PI * Noise.uniform(seed, 2 * i + 1);
            target.put((float) (deviation * radius * Math.cos(angle)));
        }
    }
}
