package ai.rpo.core.theory;

/**
 * A policy, a reward and what they prove of each other. The value of the game lies between {@link #least} and
 * {@link #most}.
 *
 * @param parameters of the reward in its class
 * @param rewards r̂
 * @param policy π̂
 * @param most max_π φ(π, r̂), above or at the value of the game
 * @param least a lower bound of min_r φ(π̂, r), below or at the value of the game; over an unbounded class, φ at the
 *     minimum that was found
 */
public record Solution(double[] parameters, double[] rewards, double[] policy, double most, double least) {

    /** The duality gap: no other answer is better than this one by more. */
    public double gap() {
        return most - least;
    }
}
