package ai.rpo.jobs.demo;

import java.util.random.RandomGenerator;

/**
 * Labels pairs as people do, mostly but not always by quality: the first answer wins with probability σ(3·Δ), Δ its
 * gold reward less the other's (a Bradley–Terry model).
 */
final class NoisyJudge {

    static final double SHARPNESS = 3;

    private final RandomGenerator random;

    NoisyJudge(RandomGenerator random) {
        this.random = random;
    }

    boolean prefersFirst(double goldOfFirst, double goldOfSecond) {
        return random.nextDouble() < probabilityOfFirst(goldOfFirst - goldOfSecond);
    }

    static double probabilityOfFirst(double difference) {
        return 1 / (1 + Math.exp(-SHARPNESS * difference));
    }
}
