package ai.rpo.jobs.report;

import ai.rpo.core.gauge.BestOfN;
import ai.rpo.core.theory.ConstrainedProblem.Priced;
import ai.rpo.core.theory.FiniteClass.Mixture;
import ai.rpo.core.theory.experiment.Constraint;
import ai.rpo.core.theory.experiment.EnsembleGame;
import ai.rpo.core.theory.experiment.EnsembleSelection;
import ai.rpo.core.theory.experiment.EnsembleSelection.Aggregate;
import ai.rpo.core.theory.experiment.EnsembleSelection.Overoptimization;
import ai.rpo.core.theory.experiment.EnsembleSelection.World;
import ai.rpo.core.theory.experiment.Equivalence;
import ai.rpo.core.theory.experiment.Extrapolation;
import ai.rpo.core.theory.experiment.FiniteBestOfN;
import ai.rpo.core.theory.experiment.FixedCounts;
import ai.rpo.core.theory.experiment.KlEstimators;
import ai.rpo.core.theory.experiment.OneComparison;
import ai.rpo.core.theory.experiment.OnlineLearning;
import ai.rpo.core.theory.experiment.ProofConstants;
import ai.rpo.core.theory.experiment.RareAction;
import ai.rpo.core.theory.experiment.ScalarRewards;
import ai.rpo.core.theory.experiment.ShrinkingGap;
import ai.rpo.jobs.report.Finding.Verdict;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The claims of the theory's page. Each sentence and each verdict is written from the numbers: other numbers would make
 * them say otherwise.
 */
record TheoryFindings(TheoryResults results) {

    private static final double GAP = 1e-9;

    List<Finding> equivalence() {
        Equivalence.Sides sides = results.sides();
        double gap = Math.max(sides.minimax().gap(), sides.maximin().gap());
        double practical = Equivalence.GAME.practicalLoss(sides.minimax().policy());
        double constant = 0;
        for (int i = 0; i < Equivalence.BANDIT.size(); i++) {
            constant -= Equivalence.BANDIT.prompts()[i / Equivalence.BANDIT.actions()]
                    * Equivalence.GAME.base()[i]
                    * Math.log(Equivalence.BANDIT.reference()[i]);
        }
        double expected = sides.minimax().most() + Equivalence.ETA * Equivalence.BETA * constant;
        Equivalence.TwoRewards two = results.twoRewards();
        return List.of(
                claim(
                        "Maximin is minimax (theorem 5.6)",
                        gap < GAP && sides.difference() < 1e-6,
                        "Solved from the policy's side and from the reward's, the game has the value %s; no answer of either side can be better by more than %s, and the two policies differ by %s at most.",
                        precise(sides.minimax().most()),
                        Numbers.format(gap),
                        Numbers.format(sides.difference())),
                claim(
                        "The practical loss is the game's (eq. 4.8)",
                        Math.abs(practical - expected) < GAP,
                        "Equation 4.8 at the game's policy is %s, and the game's value plus the constant ηβ·E[−log π_ref] is %s.",
                        precise(practical),
                        precise(expected)),
                claim(
                        "Pessimism about what was seen once",
                        sides.minimax().policy()[3] < sides.likeliestPolicy()[3]
                                && sides.minimax().least() > sides.valueOfLikeliest(),
                        "An action that won its only comparison gets %s of its prompt's mass; under the most likely reward it gets %s. Against the worst reward that the data leave possible the first policy is worth %s, the second %s, the reference %s.",
                        Numbers.percent(sides.minimax().policy()[3]),
                        Numbers.percent(sides.likeliestPolicy()[3]),
                        Numbers.format(sides.minimax().least()),
                        Numbers.format(sides.valueOfLikeliest()),
                        Numbers.format(sides.valueOfReference())),
                claim(
                        "Without a convex class it fails (assumption 5.5)",
                        two.minimax() - two.maximin() > GAP && Math.abs(two.between() - Math.log(2)) < GAP,
                        "Over two rewards with nothing between them minimax is %s and maximin %s. Over the segment that joins them both are %s.",
                        Numbers.format(two.minimax()),
                        Numbers.format(two.maximin()),
                        Numbers.format(two.between())),
                coverage());
    }

    private static Finding coverage() {
        double covered = Equivalence.coverage(0, 2);
        double barely = Equivalence.coverage(3, 2);
        double uncovered = Equivalence.coverage(0, 3);
        return claim(
                "Partial coverage (assumption 5.2)",
                covered < barely && Double.isInfinite(uncovered),
                "The coefficient C is %s for the two best actions, %s for a competitor that takes the action compared once, and %s for one that takes an action nobody compared: the theorem promises nothing against that one.",
                Numbers.format(covered),
                Numbers.format(barely),
                Numbers.format(uncovered));
    }

    List<Finding> collapse() {
        List<FixedCounts.Point> dpo = results.trained().get(0.0);
        List<FixedCounts.Point> rpo = results.trained().get(TheoryResults.ETA);
        FixedCounts.Point first = dpo.get(0);
        FixedCounts.Point best = dpo.stream()
                .max(Comparator.comparingDouble(point -> point.outcome().value()))
                .orElseThrow();
        FixedCounts.Point last = dpo.get(dpo.size() - 1);
        FixedCounts.Point held = rpo.get(rpo.size() - 1);
        double[] solution =
                FixedCounts.unbounded(TheoryResults.ETA, TheoryResults.BETA).policy();
        double apart = 0;
        for (int i = 0; i < solution.length; i++) {
            apart = Math.max(apart, Math.abs(solution[i] - held.outcome().policy()[i]));
        }
        OneComparison one = OneComparison.run();
        return List.of(
                claim(
                        "DPO: chosen answers become unlikely (figure 1)",
                        last.outcome().chosenLogProbability() < first.outcome().chosenLogProbability() - 1,
                        "Their mean log-probability goes from %s to %s nats in %s steps; with η = %s it ends at %s.",
                        Numbers.format(first.outcome().chosenLogProbability()),
                        Numbers.format(last.outcome().chosenLogProbability()),
                        Numbers.format(last.step()),
                        Variant.shortest(TheoryResults.ETA),
                        Numbers.format(held.outcome().chosenLogProbability())),
                claim(
                        "DPO: the value rises and collapses",
                        best.step() > 1
                                && best.step() < last.step()
                                && last.outcome().value() < first.outcome().value(),
                        "It starts at %s, is highest at step %s (%s), and ends at %s: a single comparison that the worst action won takes all the mass.",
                        Numbers.format(first.outcome().value()),
                        Numbers.format(best.step()),
                        Numbers.format(best.outcome().value()),
                        Numbers.format(last.outcome().value())),
                claim(
                        "RPO's training reaches the game's solution",
                        apart < 1e-6,
                        "After %s steps of plain gradient descent on the product's loss the policy and the exact solution differ by %s at most; its value is %s.",
                        Numbers.format(held.step()),
                        Numbers.format(apart),
                        Numbers.format(held.outcome().value())),
                new Finding(
                        "The paper's own example (appendix C)",
                        Verdict.NEUTRAL,
                        text(
                                "With one comparison, DPO's loss hardly tells a policy that puts half its mass on an action nobody compared (%s) from one that puts none there (%s): that is the paper's point about the set of DPO's minima. Gradient descent from the reference does not go there, though: after 100 steps that action has %s.",
                                Numbers.format(one.lossOfLeakingPolicy()),
                                Numbers.format(one.lossOfCoveringPolicy()),
                                Numbers.percent(one.trained()[2]))));
    }

    List<Finding> kl() {
        RareAction largest = results.largest();
        double bestKl = Extrapolation.BETAS.stream()
                .mapToDouble(Extrapolation::valueOfKl)
                .max()
                .orElseThrow();
        double bestRpo = Extrapolation.ETAS.stream()
                .mapToDouble(eta -> results.extrapolatedEnd(eta).value())
                .max()
                .orElseThrow();
        return List.of(
                claim(
                        "More comparisons do not help DPO",
                        results.rare().stream().allMatch(row -> row.rpo() < RareAction.dpo())
                                && largest.rpo() < 0.01
                                && largest.klInHindsight() > 0.1,
                        "At N = %s DPO's expected gap is %s, whatever N and β: the chance that the worst action won its comparison. With the β that is best in hindsight KL comes to %s; RPO with the theorem's η and β to %s.",
                        Numbers.format(largest.pairs()),
                        Numbers.format(RareAction.dpo()),
                        Numbers.format(largest.klInHindsight()),
                        Numbers.format(largest.rpo())),
                claim(
                        "No weight of KL repairs an extrapolation",
                        bestKl < Extrapolation.valueOfReference() && bestRpo > Extrapolation.valueOfReference(),
                        "In the linear world the best of %s values of β gives DPO %s, less than the reference's own %s; the best η gives RPO %s of the %s there is.",
                        Numbers.format(Extrapolation.BETAS.size()),
                        Numbers.format(bestKl),
                        Numbers.format(Extrapolation.valueOfReference()),
                        Numbers.format(bestRpo),
                        Numbers.format(Extrapolation.valueOfBest())),
                new Finding(
                        "Beside it: χPO",
                        Verdict.NEUTRAL,
                        text(
                                "χPO's regularizer grows with the ratio itself and not its logarithm. At N = %s and its best β it comes to %s with this reference (KL: %s). Where the reference is what the data were drawn from, which is what its theory assumes, it comes to %s (KL: %s).",
                                Numbers.format(largest.pairs()),
                                Numbers.format(largest.chiSquaredInHindsight()),
                                Numbers.format(largest.klInHindsight()),
                                Numbers.format(largest.chiSquaredOnData()),
                                Numbers.format(largest.klOnData()))));
    }

    List<Finding> rate() {
        double slope = ShrinkingGap.slope(results.shrinking(), false);
        double dpo = ShrinkingGap.slope(results.shrinking(), true);
        double nearest = results.rare().stream()
                .mapToDouble(row -> row.bound() / row.rpo())
                .min()
                .orElseThrow();
        RareAction largest = results.largest();
        ProofConstants constants = ProofConstants.run();
        return List.of(
                claim(
                        "The gap falls as 1/√N (theorem 5.3)",
                        Math.abs(slope + 0.5) < 0.02,
                        "Where the world becomes harder with N, the slope of log gap against log N is %s for RPO and %s for DPO.",
                        Numbers.format(slope),
                        Numbers.format(dpo)),
                claim(
                        "The bound is never violated",
                        results.rare().stream().allMatch(row -> row.rpo() <= row.bound()),
                        "Of %s sizes, the bound comes nearest to the expected gap at %s times it. At N = %s it is %s, and the gap %s: a guarantee, not an estimate.",
                        Numbers.format(results.rare().size()),
                        Numbers.format(nearest),
                        Numbers.format(largest.pairs()),
                        Numbers.format(largest.bound()),
                        Numbers.format(largest.rpo())),
                printed(
                        "η in the proof's last display",
                        "It stands there without (1 + e^R)⁻², which the bound that is stated needs: with R = 1 that is a factor of %s.",
                        Numbers.format(1 / constants.kappa())),
                printed(
                        "Hellinger and total variation",
                        "H² ≥ TV² is used beside H² = 1 − Σ√(pq). For ½ and .6 that H² is %s and TV² %s; H² ≥ TV²/2 is what holds. The lemma's own constant is loose by e^R (%s for %s at R = 1), which makes up for it wherever R ≥ ½·ln 2.",
                        precise(constants.hellinger()),
                        precise(constants.squaredTotalVariation()),
                        Numbers.format(constants.kappa()),
                        Numbers.format(constants.sharpKappa())));
    }

    List<Finding> eta() {
        double best = Extrapolation.ETAS.stream()
                .max(Comparator.comparingDouble(
                        eta -> results.extrapolatedEnd(eta).value()))
                .orElseThrow();
        List<Double> etas = Extrapolation.ETAS;
        boolean inside = best != etas.get(0) && best != etas.get(etas.size() - 1);
        return List.of(
                claim(
                        "η has an optimum inside",
                        inside,
                        "After 40,000 steps the value is highest at η = %s (%s); η = 0 gives %s and η = %s gives %s.",
                        Variant.shortest(best),
                        Numbers.format(results.extrapolatedEnd(best).value()),
                        Numbers.format(results.extrapolatedEnd(0).value()),
                        Variant.shortest(etas.get(etas.size() - 1)),
                        Numbers.format(results.extrapolatedEnd(etas.get(etas.size() - 1))
                                .value())),
                new Finding(
                        "The paper's η = 0.005 is slow",
                        Verdict.NEUTRAL,
                        text(
                                "At the start its supervised term has %s of the gradient on the chosen answer, η/(½ + η). After 1,000 steps the policy is worth %s, after 40,000 %s: it rules only where margins have grown beyond log(1/η) = %s.",
                                Numbers.percent(0.005 / 0.505),
                                Numbers.format(results.extrapolatedEarly(0.005).value()),
                                Numbers.format(results.extrapolatedEnd(0.005).value()),
                                Numbers.format(Math.log((1 - 0.005) / 0.005)))));
    }

    List<Finding> online() {
        OnlineLearning dpo = results.online().get(1);
        OnlineLearning rpo = results.online().get(3);
        OnlineLearning xpo = results.online().get(5);
        OnlineLearning alone = results.online().get(7);
        return List.of(
                new Finding(
                        "Pessimism does not explore",
                        Verdict.NEUTRAL,
                        text(
                                "Online, RPO's term found the best action in %s of the seeds, DPO in %s, with the second answer from the reference in both. The paper names exploration as future work.",
                                Numbers.percent(rpo.found()), Numbers.percent(dpo.found()))),
                new Finding(
                        "The other sign does",
                        Verdict.NEUTRAL,
                        text(
                                "XPO subtracts the term, on the reference's answers: %s of the seeds at α = 0.05. Its loss with both answers from the policy finds it in %s: such pairs soon tell nothing (seed 0 gathers %s in place of %s).",
                                Numbers.percent(xpo.found()),
                                Numbers.percent(alone.found()),
                                Numbers.format(alone.pairs()[0]),
                                Numbers.format(xpo.pairs()[0]))));
    }

    List<Finding> ensembles() {
        EnsembleSelection uncovered = results.ensembles().get(World.UNCOVERED);
        EnsembleSelection biased = results.ensembles().get(World.SHARED_BIAS);
        int most = EnsembleSelection.SIZES.get(EnsembleSelection.SIZES.size() - 1);
        Overoptimization form = biased.bestOfNForm(Aggregate.SINGLE);
        Mixture mixture = EnsembleGame.CLASS.maximin();
        return List.of(
                new Finding(
                        "An ensemble repairs what the data do not cover",
                        Verdict.NEUTRAL,
                        text(
                                "Of %s single models %s like the feature that no comparison shows. At n = %s the worst of five members picks answers of gold reward %s, their mean %s, the single model %s.",
                                Numbers.format(EnsembleSelection.SEEDS),
                                Numbers.format(uncovered.likesRare()),
                                Numbers.format(most),
                                Numbers.format(uncovered.goldAt(Aggregate.WCO, most)),
                                Numbers.format(uncovered.goldAt(Aggregate.MEAN, most)),
                                Numbers.format(uncovered.goldAt(Aggregate.SINGLE, most)))),
                new Finding(
                        "It cannot repair what all members get wrong",
                        Verdict.NEUTRAL,
                        text(
                                "With a bias that no member can see, gold peaks at n = %s for the single model and %s for the worst of five, while the proxy goes on to %s. Gao's form d·(α − βd) fits with α = %s, β = %s (error %s); the form with log d does worse (%s).",
                                Numbers.format(biased.peak(Aggregate.SINGLE)),
                                Numbers.format(biased.peak(Aggregate.WCO)),
                                Numbers.format(biased.proxy()[biased.proxy().length - 1]),
                                Numbers.format(form.alpha()),
                                Numbers.format(form.beta()),
                                Numbers.format(form.error()),
                                Numbers.format(
                                        biased.learningForm(Aggregate.SINGLE).error()))),
                claim(
                        "An ensemble is a finite class: the policy answers a mixture",
                        mixture.gap() < GAP && mixture.most() < EnsembleGame.CLASS.minimax(),
                        "Against three members the policy secures %s by answering the mixture with weights %s, %s and %s (gap %s). The best single member would make it %s: a finite class is not convex.",
                        precise(mixture.least()),
                        precise(mixture.weights()[0]),
                        precise(mixture.weights()[1]),
                        precise(mixture.weights()[2]),
                        Numbers.format(mixture.gap()),
                        precise(EnsembleGame.CLASS.minimax())));
    }

    static List<Finding> estimators() {
        int n = FiniteBestOfN.SIZES.get(FiniteBestOfN.SIZES.size() - 1);
        KlEstimators near = KlEstimators.near();
        KlEstimators far = KlEstimators.far();
        return List.of(
                new Finding(
                        "log n − (n − 1)/n bounds the KL of best-of-n",
                        Verdict.NEUTRAL,
                        text(
                                "At n = %s the formula says %s nats, and the exact value is %s: with few answers no selection goes further than the best one's own −log π_ref.",
                                Numbers.format(n),
                                Numbers.format(BestOfN.kl(n)),
                                Numbers.format(FiniteBestOfN.exactKl(n)))),
                new Finding(
                        "k3 is not always the better estimator",
                        Verdict.NEUTRAL,
                        text(
                                "Near the reference k3 has a deviation of %s in place of k1's %s. Far from it k3 has %s in place of %s, and k2's mean is %s where the KL is %s.",
                                Numbers.format(near.k3().deviation()),
                                Numbers.format(near.k1().deviation()),
                                Numbers.format(far.k3().deviation()),
                                Numbers.format(far.k1().deviation()),
                                Numbers.format(far.k2().mean()),
                                Numbers.format(far.kl()))));
    }

    static List<Finding> otherProblems() {
        Priced free = Constraint.PROBLEM.at(0);
        Priced kept = Constraint.PROBLEM.solve();
        double last = ScalarRewards.ETAS.get(ScalarRewards.ETAS.size() - 1);
        return List.of(
                new Finding(
                        "A budget becomes a price",
                        Verdict.NEUTRAL,
                        text(
                                "Free, the policy costs %s; at the price λ = %s it keeps the budget of %s, and primal and dual agree to %s. Dual ascent, as an online method has it, comes to λ = %s.",
                                Numbers.format(Constraint.BANDIT.expectation(free.policy(), Constraint.COSTS)),
                                precise(kept.price()),
                                Numbers.format(Constraint.BUDGET),
                                Numbers.format(Math.abs(kept.primal() - kept.dual())),
                                precise(Constraint.PROBLEM.ascend(2000, 0.5)))),
                new Finding(
                        "Ratings work as comparisons do",
                        Verdict.NEUTRAL,
                        text(
                                "An action that was rated twice gets %s of the mass at η = 0 and %s at η = %s. With squared errors the game has the shape of conservative Q-learning.",
                                Numbers.percent(ScalarRewards.solve(0).policy()[2]),
                                Numbers.percent(ScalarRewards.solve(last).policy()[2]),
                                Variant.shortest(last))));
    }

    /** Every claim, in the order of the page. */
    List<Finding> all() {
        return Stream.of(
                        equivalence(),
                        collapse(),
                        kl(),
                        rate(),
                        eta(),
                        online(),
                        ensembles(),
                        estimators(),
                        otherProblems())
                .flatMap(List::stream)
                .toList();
    }

    private static Finding claim(String topic, boolean holds, String format, Object... values) {
        return new Finding(
                topic,
                holds ? Verdict.AGREES : Verdict.DIFFERS,
                text(format, values) + (holds ? " As the paper says." : " The paper says otherwise: not seen here."));
    }

    private static Finding printed(String topic, String format, Object... values) {
        return new Finding(
                topic,
                Verdict.DIFFERS,
                text(format, values) + " The paper's constant does not hold as printed (see docs/math.md, 29).");
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    private static String precise(double value) {
        return String.format(Locale.ROOT, "%.6f", value);
    }
}
