package ai.rpo.core.theory.experiment;

import java.util.SplittableRandom;

/** Random draws that depend on a seed and nothing else, so that other programs can repeat them. */
final class Draws {

    private final SplittableRandom random;

    Draws(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** Draws uniformly from [0, 1). */
    double uniform() {
        return random.nextDouble();
    }

    /** Standard normal, by the cosine of Box and Muller. */
    double normal() {
        double radius = Math.sqrt(-2 * Math.log(1 - uniform()));
        return radius * Math.cos(2 * Math.PI * uniform());
    }

    /** 0 … n − 1. */
    int below(int n) {
        return (int) (uniform() * n);
    }

    /** A place of a distribution: the first whose cumulative sum is above the draw. */
    int from(double[] distribution) {
        double u = uniform();
        double sum = 0;
        for (int i = 0; i < distribution.length; i++) {
            sum += distribution[i];
            if (u < sum) {
                return i;
            }
        }
        return distribution.length - 1;
    }
}
