package ai.rpo.core.judge.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Rows whose label is a probability.
 *
 * @param features one array a row, all of one length
 * @param labels in [0, 1]
 * @param weights what each row counts for
 */
record SoftRows(double[][] features, double[] labels, double[] weights) {

    int size() {
        return labels.length;
    }

    /**
     * Each row twice: with label 1 for as much as its label says, and with label 0 for the rest. All of the former come
     * first, and copies that count for nothing are left out.
     *
     * @param taken whether a row is used
     */
    LogisticRegression.Rows split(IntPredicate taken) {
        List<Integer> rows = new ArrayList<>();
        List<Boolean> positive = new ArrayList<>();
        List<Double> counts = new ArrayList<>();
        for (boolean label : new boolean[] {true, false}) {
            for (int i = 0; i < size(); i++) {
                double count = weights[i] * (label ? labels[i] : 1 - labels[i]);
                if (taken.test(i) && count > 0) {
                    rows.add(i);
                    positive.add(label);
                    counts.add(count);
                }
            }
        }
        int n = rows.size();
        double[][] columns = new double[features[0].length][n];
        boolean[] labelled = new boolean[n];
        double[] counted = new double[n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < columns.length; j++) {
                columns[j][i] = features[rows.get(i)][j];
            }
            labelled[i] = positive.get(i);
            counted[i] = counts.get(i);
        }
        return new LogisticRegression.Rows(columns, labelled, counted);
    }

    /** Tells whether there is something to tell apart among the rows taken. */
    boolean hasBothLabels(IntPredicate taken) {
        boolean some = false;
        boolean none = false;
        for (int i = 0; i < size(); i++) {
            some |= taken.test(i) && labels[i] > 0;
            none |= taken.test(i) && labels[i] < 1;
        }
        return some && none;
    }

    /** −log of the probability that the weights give to a row's label, times what the row counts for. */
    double loss(double[] fitted, int row) {
        double p = probability(fitted, features[row]);
        double clipped = Math.min(Math.max(p, 1e-15), 1 - 1e-15);
        return -weights[row] * (labels[row] * Math.log(clipped) + (1 - labels[row]) * Math.log(1 - clipped));
    }

    static double probability(double[] fitted, double[] features) {
        double margin = 0;
        for (int j = 0; j < features.length; j++) {
            margin += fitted[j] * features[j];
        }
        return 1 / (1 + Math.exp(-margin));
    }
}
