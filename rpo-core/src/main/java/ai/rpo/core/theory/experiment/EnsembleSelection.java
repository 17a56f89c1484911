package ai.rpo.core.theory.experiment;

import ai.rpo.core.gauge.BestOfN;
import ai.rpo.core.objective.Logistic;
import ai.rpo.core.theory.ConvexFunction;
import ai.rpo.core.theory.RewardClass;
import ai.rpo.core.theory.experiment.LeastSquares.Fit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Best-of-n against reward models learnt from little data: 2048 candidates with features u, v (normal) and z (1 in 50),
 * a gold reward of them, 100 comparisons of candidates without z, and five members fitted to bootstrap samples of these,
 * each drawn to a prior of its own.
 *
 * @param world whose gold reward
 * @param members of each seed, their weights of u, v and z
 * @param proxy the single member's score of its own choice, by n, mean over seeds
 * @param gold gold reward of the choice, by n, of each way to aggregate
 */
public record EnsembleSelection(World world, double[][][] members, double[] proxy, Map<Aggregate, double[]> gold) {

    public static final List<Integer> SIZES = List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024);
    public static final int FIRST_SEED = 1000;
    public static final int SEEDS = 40;

    private static final int CANDIDATES = 2048;
    private static final int COMPARISONS = 100;
    private static final int MEMBERS = 5;
    private static final double PRIOR_DEVIATION = 1.5;
    private static final double RIDGE = 0.01;
    private static final double RARE = 0.02;

    /** Names the gold rewards. */
    public enum World {
        /** u + v/2 − 3z: linear, but no comparison shows z. */
        UNCOVERED(x -> x[0] + 0.5 * x[1] - 3 * x[2]),
        /** u + v − .35v² − 3z: bends in v, which no linear member can say. */
        SHARED_BIAS(x -> x[0] + x[1] - 0.35 * x[1] * x[1] - 3 * x[2]);

        private final ToDoubleFunction<double[]> gold;

        World(ToDoubleFunction<double[]> gold) {
            this.gold = gold;
        }
    }

    /** Says how members' scores become one. */
    public enum Aggregate {
        SINGLE(scores -> scores[0]),
        MEAN(scores -> Spread.of(scores).mean()),
        /** Worst case. */
        WCO(scores -> Spread.of(scores).least()),
        /** Less half the variance. */
        UWO_HALF(scores -> Spread.of(scores).lessVariance(0.5)),
        /** Less the variance. */
        UWO_ONE(scores -> Spread.of(scores).lessVariance(1));

        private final ToDoubleFunction<double[]> score;

        Aggregate(ToDoubleFunction<double[]> score) {
            this.score = score;
        }
    }

    public static EnsembleSelection of(World world) {
        List<Seed> seeds = IntStream.range(0, SEEDS)
                .parallel()
                .mapToObj(i -> Seed.of(world, FIRST_SEED + i))
                .toList();
        Map<Aggregate, double[]> gold = new LinkedHashMap<>();
        for (Aggregate aggregate : Aggregate.values()) {
            gold.put(
                    aggregate,
                    mean(seeds.stream().map(seed -> seed.gold.get(aggregate)).toList()));
        }
        return new EnsembleSelection(
                world,
                seeds.stream().map(Seed::members).toArray(double[][][]::new),
                mean(seeds.stream().map(Seed::proxy).toList()),
                gold);
    }

    /** Counts the seeds in which the single member likes z, which the gold reward does not. */
    public long likesRare() {
        return Arrays.stream(members).filter(ofSeed -> ofSeed[0][2] > 0).count();
    }

    /** n of the highest gold reward. */
    public int peak(Aggregate aggregate) {
        double[] values = gold.get(aggregate);
        int best = 0;
        for (int i = 0; i < values.length; i++) {
            best = values[i] > values[best] ? i : best;
        }
        return SIZES.get(best);
    }

    public double goldAt(Aggregate aggregate, int n) {
        return gold.get(aggregate)[SIZES.indexOf(n)];
    }

    /** √KL of best-of-n to the candidates. */
    public static double distance(int n) {
        return Math.sqrt(BestOfN.kl(n));
    }

    /** Gao et al.'s form for best-of-n: R = d·(α − β·d), fitted over n > 1; the peak is at α/(2β). */
    public record Overoptimization(double alpha, double beta, double error) {

        public double peak() {
            return alpha / (2 * beta);
        }
    }

    public Overoptimization bestOfNForm(Aggregate aggregate) {
        return fit(aggregate, false);
    }

    /** Their form for reinforcement learning, R = d·(α − β·log d). */
    public Overoptimization learningForm(Aggregate aggregate) {
        return fit(aggregate, true);
    }

    private Overoptimization fit(Aggregate aggregate, boolean logarithmic) {
        double[] d =
                SIZES.stream().skip(1).mapToDouble(EnsembleSelection::distance).toArray();
        double[] second =
                Arrays.stream(d).map(x -> -x * (logarithmic ? Math.log(x) : x)).toArray();
        double[] values = gold.get(aggregate);
        Fit fit = LeastSquares.fit(d, second, Arrays.copyOfRange(values, 1, values.length));
        return new Overoptimization(fit.a(), fit.b(), fit.error());
    }

    private static double[] mean(List<double[]> rows) {
        double[] mean = new double[rows.get(0).length];
        for (double[] row : rows) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += row[i] / rows.size();
            }
        }
        return mean;
    }

    private record Seed(double[][] members, double[] proxy, Map<Aggregate, double[]> gold) {

        private static Seed of(World world, long seed) {
            Draws draws = new Draws(seed);
            double[][] candidates = new double[CANDIDATES][];
            for (int i = 0; i < CANDIDATES; i++) {
                candidates[i] = new double[] {draws.normal(), draws.normal(), draws.uniform() < RARE ? 1 : 0};
            }
            double[] gold =
                    centred(Arrays.stream(candidates).mapToDouble(world.gold).toArray());
            double[][] members = members(draws, comparisons(draws, candidates, gold));
            double[][] scores = new double[MEMBERS][];
            for (int k = 0; k < MEMBERS; k++) {
                double[] weights = members[k];
                scores[k] = centred(Arrays.stream(candidates)
                        .mapToDouble(x -> dot(weights, x))
                        .toArray());
            }
            Map<Aggregate, double[]> chosen = new LinkedHashMap<>();
            for (Aggregate aggregate : Aggregate.values()) {
                chosen.put(aggregate, byN(aggregated(scores, aggregate), gold));
            }
            return new Seed(members, byN(scores[0], scores[0]), chosen);
        }

        /** Differences winner − loser of candidates without z. */
        private static double[][] comparisons(Draws draws, double[][] candidates, double[] gold) {
            int[] covered = IntStream.range(0, CANDIDATES)
                    .filter(i -> candidates[i][2] == 0)
                    .toArray();
            double[][] differences = new double[COMPARISONS][3];
            for (double[] difference : differences) {
                int first = covered[draws.below(covered.length)];
                int second = covered[draws.below(covered.length)];
                double sign = draws.uniform() < Logistic.sigmoid(gold[first] - gold[second]) ? 1 : -1;
                for (int k = 0; k < 3; k++) {
                    difference[k] = sign * (candidates[first][k] - candidates[second][k]);
                }
            }
            return differences;
        }

        private static double[][] members(Draws draws, double[][] comparisons) {
            double[][] members = new double[MEMBERS][];
            for (int k = 0; k < MEMBERS; k++) {
                double[] prior = new double[3];
                for (int i = 0; i < 3; i++) {
                    prior[i] = PRIOR_DEVIATION * draws.normal();
                }
                double[][] drawn = new double[COMPARISONS][];
                for (int i = 0; i < COMPARISONS; i++) {
                    drawn[i] = comparisons[draws.below(COMPARISONS)];
                }
                members[k] = RewardClass.minimum(new PriorLoss(drawn, prior), prior);
            }
            return members;
        }

        private static double[] aggregated(double[][] scores, Aggregate aggregate) {
            double[] ofMembers = new double[MEMBERS];
            double[] aggregated = new double[CANDIDATES];
            for (int i = 0; i < CANDIDATES; i++) {
                for (int k = 0; k < MEMBERS; k++) {
                    ofMembers[k] = scores[k][i];
                }
                aggregated[i] = aggregate.score.applyAsDouble(ofMembers);
            }
            return aggregated;
        }

        private static double[] byN(double[] score, double[] gold) {
            double[] sorted = IntStream.range(0, score.length)
                    .boxed()
                    .sorted((i, j) -> Double.compare(score[i], score[j]))
                    .mapToDouble(i -> gold[i])
                    .toArray();
            return SIZES.stream().mapToDouble(n -> BestOfN.mean(sorted, n)).toArray();
        }

        private static double[] centred(double[] values) {
            double mean = Arrays.stream(values).average().orElseThrow();
            return Arrays.stream(values).map(value -> value - mean).toArray();
        }
    }

    private static double dot(double[] a, double[] b) {
        return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    }

    /** Bradley–Terry's loss of linear weights, and a ridge around a prior. */
    private record PriorLoss(double[][] differences, double[] prior) implements ConvexFunction {

        @Override
        public double value(double[] at) {
            double sum = 0;
            for (double[] difference : differences) {
                sum -= Logistic.logSigmoid(dot(at, difference)) / differences.length;
            }
            for (int k = 0; k < at.length; k++) {
                sum += RIDGE / 2 * (at[k] - prior[k]) * (at[k] - prior[k]);
            }
            return sum;
        }

        @Override
        public double[] gradient(double[] at) {
            double[] gradient = new double[at.length];
            for (double[] difference : differences) {
                double slope = Logistic.sigmoid(-dot(at, difference)) / differences.length;
                for (int k = 0; k < at.length; k++) {
                    gradient[k] -= slope * difference[k];
                }
            }
            for (int k = 0; k < at.length; k++) {
                gradient[k] += RIDGE * (at[k] - prior[k]);
            }
            return gradient;
        }

        @Override
        public double[][] hessian(double[] at) {
            double[][] hessian = new double[at.length][at.length];
            for (double[] difference : differences) {
                double win = Logistic.sigmoid(dot(at, difference));
                for (int k = 0; k < at.length; k++) {
                    for (int l = 0; l < at.length; l++) {
                        hessian[k][l] += win * (1 - win) / differences.length * difference[k] * difference[l];
                    }
                }
            }
            for (int k = 0; k < at.length; k++) {
                hessian[k][k] += RIDGE;
            }
            return hessian;
        }
    }
}
