package ai.rpo.core.theory;

/**
 * The choices and the bound of theorem 5.3 for rewards in [0, R]. The published proof's last display has η without the
 * factor κ; the stated bound needs it, and this class has it.
 *
 * @param range R
 * @param pairs N
 * @param logCovering log N_ε(R, ‖·‖∞) at ε = 1/(6(1 + e^R)N)
 * @param delta δ, how likely the bound may fail
 */
public record Guarantee(double range, double pairs, double logCovering, double delta) {

    public Guarantee {
        if (!(range > 0) || !(pairs > 0) || !(logCovering >= 0) || !(delta > 0 && delta < 1)) {
            throw new IllegalArgumentException("Cannot bound anything with R = " + range + ", N = " + pairs
                    + ", log N_ε = " + logCovering + ", δ = " + delta
                    + ": R and N must be above 0, log N_ε at least 0, and δ between 0 and 1.");
        }
    }

    /** Bounds the box [0, R] on {@code rewards} free values: log N_ε = rewards·log⌈R/(2ε)⌉. */
    public static Guarantee ofBox(double rewards, double range, double pairs, double delta) {
        double epsilon = 1 / (6 * (1 + Math.exp(range)) * pairs);
        return new Guarantee(range, pairs, rewards * Math.log(Math.ceil(range / (2 * epsilon))), delta);
    }

    /** κ = (1 + e^R)⁻², as lemma D.2 has it. */
    public static double kappa(double range) {
        return 1 / ((1 + Math.exp(range)) * (1 + Math.exp(range)));
    }

    /** The largest κ' with |σ(z₁) − σ(z₂)| ≥ κ'·|z₁ − z₂| on [−R, R]: e^R·κ. */
    public static double sharpKappa(double range) {
        return Math.exp(range) * kappa(range);
    }

    /** ι = √log(N_ε/δ). */
    public double iota() {
        return Math.sqrt(logCovering - Math.log(delta));
    }

    /** η = (1 + e^R)⁻²·√(24·log(N_ε/δ)/N). */
    public double eta() {
        return kappa(range) * Math.sqrt(24 / pairs) * iota();
    }

    /** β = 1/√N. */
    public double beta() {
        return 1 / Math.sqrt(pairs);
    }

    /**
     * Bounds the gap to a competitor, which exceeds this with probability δ at most.
     *
     * @param coverage C of the competitor
     * @param kl E_{d0} KL of the competitor to the reference
     */
    public double bound(double coverage, double kl) {
        return (Math.sqrt(6) * (coverage * coverage + 1) * iota() / kappa(range) + 4 * kl) / (4 * Math.sqrt(pairs));
    }
}
