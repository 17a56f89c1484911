package ai.rpo.core.theory;

import ai.rpo.core.theory.Comparisons.Duel;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures how well comparisons cover a competitor: the coefficient C(R; π, π_base) of assumption 5.2 over all rewards, which is
 * the square root of the effective resistance between π and π_base in the graph of comparisons.
 */
public final class Coverage {

    private static final double TOLERANCE = 1e-9;

    private Coverage() {}

    /**
     * √(vᵀL⁺v) with v = d0·(π − π_base) and L the graph's Laplacian, each edge weighted by its share of the data.
     * Infinite where π and π_base differ in what they give to a connected component: no comparison tells what that is
     * worth. Bounds of the rewards are ignored, which is exact where the truth lies inside them.
     */
    public static double coefficient(Bandit bandit, Comparisons data, double[] policy, double[] base) {
        bandit.requirePolicy(policy);
        bandit.requirePolicy(base);
        double[] v = new double[bandit.size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = bandit.promptWeight(i) * (policy[i] - base[i]);
        }
        double[][] laplacian = laplacian(bandit, data);
        double square = 0;
        for (List<Integer> component : components(laplacian)) {
            double sum = component.stream().mapToDouble(i -> v[i]).sum();
            if (Math.abs(sum) > TOLERANCE) {
                return Double.POSITIVE_INFINITY;
            }
            square += resistance(laplacian, component, v);
        }
        return Math.sqrt(square);
    }

    private static double[][] laplacian(Bandit bandit, Comparisons data) {
        double[][] laplacian = new double[bandit.size()][bandit.size()];
        double total = data.total();
        for (Duel duel : data.duels()) {
            if (duel.count() > 0) {
                Comparisons.addEdge(laplacian, data.winner(duel), data.loser(duel), duel.count() / total);
            }
        }
        return laplacian;
    }

    /** vᵀL⁺v of a connected component, whose v sums to 0: with its last node grounded, L is positive definite. */
    private static double resistance(double[][] laplacian, List<Integer> component, double[] v) {
        int n = component.size() - 1;
        double[][] grounded = new double[n][n];
        double[] current = new double[n];
        for (int i = 0; i < n; i++) {
            current[i] = v[component.get(i)];
            for (int j = 0; j < n; j++) {
                grounded[i][j] = laplacian[component.get(i)][component.get(j)];
            }
        }
        double[] potential = Cholesky.solve(grounded, 0, current);
        double energy = 0;
        for (int i = 0; i < n; i++) {
            energy += current[i] * potential[i];
        }
        return energy;
    }

    private static List<List<Integer>> components(double[][] laplacian) {
        List<List<Integer>> components = new ArrayList<>();
        boolean[] seen = new boolean[laplacian.length];
        for (int start = 0; start < laplacian.length; start++) {
            if (!seen[start]) {
                List<Integer> component = new ArrayList<>(List.of(start));
                seen[start] = true;
                for (int at = 0; at < component.size(); at++) {
                    for (int j = 0; j < laplacian.length; j++) {
                        if (laplacian[component.get(at)][j] < 0 && !seen[j]) {
                            seen[j] = true;
                            component.add(j);
                        }
                    }
                }
                components.add(component);
            }
        }
        return components;
    }
}
