package ai.rpo.core.judge.figures;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Chooses how much the loss counts beside the penalty, as scikit-learn's {@code LogisticRegressionCV} does for
 * AlpacaEval: 5 folds by {@code GroupKFold}, ten values, the best mean log-loss on the rows left out.
 */
final class CrossValidation {

    /** Lists what numpy's {@code RandomState(123).randint(2**31 - 1)} draws, one for each value in turn. */
    private static final int[] SEEDS = {
        843828734, 914636141, 1228959102, 1840268610, 974319580, 819844194, 220395238, 941243409, 942612051, 2109339754
    };

    /** The seed of a single fit. */
    static final int SEED = SEEDS[0];

    static final int FOLDS = 5;

    /** Up to here numpy sorts by insertion. */
    private static final int SMALL = 15;

    private CrossValidation() {}

    /** Ten values from 1e-4 to 1e4, as {@code numpy.logspace(-4, 4, 10)} has them. */
    static double[] values() {
        return IntStream.range(0, SEEDS.length)
                .mapToDouble(k -> Math.pow(10, -4 + k * (8.0 / 9)))
                .toArray();
    }

    /** The best value. */
    static double choose(SoftRows rows) {
        int[] folds = folds(rows.size());
        double[] values = values();
        double[] losses = new double[values.length];
        for (int fold = 0; fold < FOLDS; fold++) {
            int left = fold;
            LogisticRegression.Rows training = rows.split(i -> folds[i] != left);
            int[] held = IntStream.range(0, rows.size())
                    .filter(i -> folds[i] == left)
                    .toArray();
            for (int k = 0; k < values.length; k++) {
                double[] fitted = LogisticRegression.fit(training, values[k], SEEDS[k]);
                losses[k] += Arrays.stream(held)
                        .mapToDouble(i -> rows.loss(fitted, i))
                        .average()
                        .orElse(0);
            }
        }
        int best = IntStream.range(0, values.length)
                .boxed()
                .min((a, b) -> Double.compare(losses[a], losses[b]))
                .orElseThrow();
        return values[best];
    }

    /**
     * Tells which fold each row is left out in. All groups are of one size, so the order in which numpy's classic sort
     * leaves equal keys decides.
     */
    static int[] folds(int rows) {
        int[] order = argsortOfEqualKeys(rows);
        int[] folds = new int[rows];
        for (int i = 0; i < rows; i++) {
            folds[order[rows - 1 - i]] = i % FOLDS;
        }
        return folds;
    }

    /** Gives what {@code numpy.argsort} makes of equal keys: its quicksort swaps them all the same. */
    static int[] argsortOfEqualKeys(int n) {
        int[] order = IntStream.range(0, n).toArray();
        sort(order, 0, n - 1);
        return order;
    }

    private static void sort(int[] order, int low, int high) {
        int l = low;
        int r = high;
        while (r - l > SMALL) {
            int middle = l + ((r - l) >> 1);
            int i = l;
            int j = r - 1;
            swap(order, middle, j);
            do {
                // Neither scan passes a key that equals the pivot.
                i++;
                j--;
                if (i < j) {
                    swap(order, i, j);
                }
            } while (i < j);
            swap(order, i, r - 1);
            if (i - l < r - i) {
                sort(order, i + 1, r);
                r = i - 1;
            } else {
                sort(order, l, i - 1);
                l = i + 1;
            }
        }
    }

    private static void swap(int[] order, int a, int b) {
        int kept = order[a];
        order[a] = order[b];
        order[b] = kept;
    }
}
