package ai.rpo.core.theory.experiment;

/** The binomial distribution, with its tails cut where no probability is left. */
final class Binomial {

    private Binomial() {}

    /**
     * @param first successes of the first probability
     * @param step between successes
     * @param probabilities of first, first + step, …
     */
    record Part(int first, int step, double[] probabilities) {

        int successes(int index) {
            return first + step * index;
        }
    }

    /**
     * @param trials n
     * @param success p
     * @param deviations how far from the mean the part reaches
     * @param points about how many of the successes are taken, equally spaced; their probabilities sum to 1
     */
    static Part around(int trials, double success, double deviations, int points) {
        double deviation = Math.sqrt(trials * success * (1 - success));
        int low = Math.max(0, (int) (trials * success - deviations * deviation));
        int high = Math.min(trials, (int) (trials * success + deviations * deviation) + 1);
        int step = Math.max(1, (high - low) / points);
        double[] logFactorials = new double[trials + 1];
        for (int i = 1; i <= trials; i++) {
            logFactorials[i] = logFactorials[i - 1] + Math.log(i);
        }
        double[] probabilities = new double[(high - low) / step + 1];
        double sum = 0;
        for (int i = 0; i < probabilities.length; i++) {
            int k = low + step * i;
            probabilities[i] = Math.exp(logFactorials[trials]
                    - logFactorials[k]
                    - logFactorials[trials - k]
                    + k * Math.log(success)
                    + (trials - k) * Math.log(1 - success));
            sum += probabilities[i];
        }
        for (int i = 0; i < probabilities.length; i++) {
            probabilities[i] /= sum;
        }
        return new Part(low, step, probabilities);
    }
}
