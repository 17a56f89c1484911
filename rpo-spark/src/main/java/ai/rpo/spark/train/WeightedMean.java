package ai.rpo.spark.train;

import java.util.List;

/** The mean of the workers' numbers, weighted by the pairs each has seen. */
final class WeightedMean {

    private WeightedMean() {}

    /** A single contribution passes bit for bit. */
    static RoundOutput.Contribution of(List<RoundOutput.Contribution> parts) {
        if (parts.size() == 1) {
            return parts.get(0);
        }
        long pairs = parts.stream().mapToLong(RoundOutput.Contribution::pairs).sum();
        double[] sums = new double[parts.get(0).chunk().values().length];
        for (RoundOutput.Contribution part : parts) {
            float[] values = part.chunk().values();
            double weight = (double) part.pairs() / pairs;
            for (int i = 0; i < sums.length; i++) {
                sums[i] += weight * values[i];
            }
        }
        float[] mean = new float[sums.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) sums[i];
        }
        return new RoundOutput.Contribution(parts.get(0).worker(), pairs, new FloatChunk(mean));
    }
}
