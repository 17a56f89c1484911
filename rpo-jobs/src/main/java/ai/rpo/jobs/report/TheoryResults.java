package ai.rpo.jobs.report;

import ai.rpo.core.Progress;
import ai.rpo.core.theory.experiment.EnsembleSelection;
import ai.rpo.core.theory.experiment.EnsembleSelection.World;
import ai.rpo.core.theory.experiment.Equivalence;
import ai.rpo.core.theory.experiment.Extrapolation;
import ai.rpo.core.theory.experiment.FixedCounts;
import ai.rpo.core.theory.experiment.OnlineLearning;
import ai.rpo.core.theory.experiment.OnlineLearning.Variant;
import ai.rpo.core.theory.experiment.RareAction;
import ai.rpo.core.theory.experiment.ShrinkingGap;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Holds what the laboratory computes for its page.
 *
 * @param trained by η, gradient descent on a hundred comparisons
 * @param extrapolated by η, gradient descent on a linear reward
 */
record TheoryResults(
        Equivalence.Sides sides,
        Equivalence.TwoRewards twoRewards,
        Map<Double, List<FixedCounts.Point>> trained,
        List<RareAction> rare,
        List<ShrinkingGap> shrinking,
        Map<Double, List<Extrapolation.Point>> extrapolated,
        List<OnlineLearning> online,
        Map<World, EnsembleSelection> ensembles) {

    static final double ETA = 0.2;
    static final double BETA = 0.1;

    private static final int EARLY = 1000;

    static TheoryResults compute(Progress progress) {
        Steps done = new Steps(progress, 6 + OnlineLearning.VARIANTS.size() + World.values().length);
        Equivalence.Sides sides = done.after(Equivalence.solve());
        Map<Double, List<FixedCounts.Point>> trained = new LinkedHashMap<>();
        for (double eta : new double[] {0, ETA}) {
            trained.put(eta, FixedCounts.trained(eta, BETA, logarithmic(100_000)));
        }
        done.after(trained);
        List<RareAction> rare = done.after(RareAction.run());
        List<ShrinkingGap> shrinking = done.after(ShrinkingGap.run());
        Map<Double, List<Extrapolation.Point>> extrapolated = new LinkedHashMap<>();
        Extrapolation.ETAS.forEach(eta -> extrapolated.put(eta, Extrapolation.trained(eta, logarithmic(40_000))));
        done.after(extrapolated);
        List<OnlineLearning> online = new ArrayList<>();
        for (Variant variant : OnlineLearning.VARIANTS) {
            online.add(done.after(OnlineLearning.of(variant)));
        }
        Map<World, EnsembleSelection> ensembles = new EnumMap<>(World.class);
        for (World world : World.values()) {
            ensembles.put(world, done.after(EnsembleSelection.of(world)));
        }
        return done.after(new TheoryResults(
                sides, Equivalence.withoutConvexity(), trained, rare, shrinking, extrapolated, online, ensembles));
    }

    /** Ten steps to each power of ten, from 1. */
    private static List<Integer> logarithmic(int last) {
        return IntStream.rangeClosed(0, (int) Math.round(10 * Math.log10(last)))
                .map(i -> (int) Math.min(last, Math.round(Math.pow(10, i / 10.0))))
                .distinct()
                .boxed()
                .toList();
    }

    RareAction largest() {
        return rare.get(rare.size() - 1);
    }

    /** The last point of a linear reward's training. */
    Extrapolation.Point extrapolatedEnd(double eta) {
        List<Extrapolation.Point> points = extrapolated.get(eta);
        return points.get(points.size() - 1);
    }

    /** After a thousand steps. */
    Extrapolation.Point extrapolatedEarly(double eta) {
        return extrapolated.get(eta).stream()
                .filter(point -> point.step() >= EARLY)
                .findFirst()
                .orElseThrow();
    }

    private static final class Steps {

        private final Progress progress;
        private final int total;
        private int done;

        private Steps(Progress progress, int total) {
            this.progress = progress;
            this.total = total;
            progress.update("theory", 0, total);
        }

        private <T> T after(T result) {
            done++;
            progress.update("theory", done, total);
            return result;
        }
    }
}
