package ai.rpo.core.tensor;

/**
 * The numbers of one Adam step (arXiv 1412.6980).
 *
 * @param decay decoupled weight decay (arXiv 1711.05101), 0 for none
 * @param number of the step, from 1; enters the bias corrections
 */
public record AdamStep(double learningRate, double beta1, double beta2, double epsilon, double decay, long number) {

    /** Gives what the first moment is divided by: 1 − β₁ᵗ. */
    public double firstCorrection() {
        return 1 - Math.pow(beta1, number);
    }

    /** Gives what the second moment is divided by: 1 − β₂ᵗ. */
    public double secondCorrection() {
        return 1 - Math.pow(beta2, number);
    }
}
