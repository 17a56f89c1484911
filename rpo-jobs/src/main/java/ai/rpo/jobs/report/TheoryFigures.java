package ai.rpo.jobs.report;

import ai.rpo.core.gauge.BestOfN;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.theory.experiment.EnsembleSelection;
import ai.rpo.core.theory.experiment.EnsembleSelection.Aggregate;
import ai.rpo.core.theory.experiment.EnsembleSelection.World;
import ai.rpo.core.theory.experiment.Extrapolation;
import ai.rpo.core.theory.experiment.FiniteBestOfN;
import ai.rpo.core.theory.experiment.FixedCounts;
import ai.rpo.core.theory.experiment.OnlineLearning;
import ai.rpo.core.theory.experiment.RareAction;
import ai.rpo.core.theory.experiment.ScalarRewards;
import ai.rpo.core.theory.experiment.ShrinkingGap;
import ai.rpo.jobs.report.Curve.Look;
import ai.rpo.jobs.report.Curve.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The figures of the theory's page. Axes that span powers of ten name those. */
final class TheoryFigures {

    private static final List<String> STEPS = List.of("1", "10", "100", "1k", "10k", "100k");
    private static final String STEP = "gradient step";
    private static final int ORANGE = 0;
    private static final int BLUE = 1;
    private static final int GREEN = 2;
    private static final int VIOLET = 3;
    private static final int PINK = 4;

    private final TheoryResults results;

    TheoryFigures(TheoryResults results) {
        this.results = results;
    }

    /** The paper's figure 1 in miniature. */
    List<Figure> collapse() {
        return List.of(
                trained(
                        "chosen",
                        "Log-probability of the chosen answers",
                        "E log π of the chosen (nats)",
                        "Gradient descent on the product's own loss from the reference, on a hundred comparisons, one of which the worst action won. Figure 1 (right) of the paper in miniature.",
                        point -> point.outcome().chosenLogProbability()),
                trained(
                        "value",
                        "True value of the policy being trained",
                        "E r*",
                        "The same training, graded by the true rewards 1, ½ and 0. DPO's loss keeps falling through the whole collapse.",
                        point -> point.outcome().value()));
    }

    private Figure trained(
            String name, String title, String axis, String caption, ToDoubleFunction<FixedCounts.Point> value) {
        List<Curve> curves = new ArrayList<>();
        results.trained()
                .forEach((eta, points) -> curves.add(new Curve(
                        RpoObjective.paper(TheoryResults.BETA, eta).title(),
                        curves.isEmpty() ? ORANGE : GREEN,
                        Look.LINE,
                        points.stream()
                                .map(point -> Point.at(Math.log10(point.step()), value.applyAsDouble(point)))
                                .toList())));
        return new Figure("theory-" + name, title, caption, STEP, axis, STEPS, curves);
    }

    Figure extrapolation() {
        List<Curve> curves = new ArrayList<>();
        results.extrapolated()
                .forEach((eta, points) -> curves.add(new Curve(
                        "η = " + Variant.shortest(eta),
                        curves.size(),
                        Look.LINE,
                        points.stream()
                                .map(point -> Point.at(Math.log10(point.step()), point.value()))
                                .toList())));
        return new Figure(
                "theory-extrapolation",
                "A linear reward extrapolates to an action nobody compared",
                "True value over training on comparisons of a and b alone; η = 0 is DPO. What makes a better than b makes c look twice as good, and the feature that tells c apart is never seen to matter.",
                STEP,
                "E r*",
                STEPS,
                curves);
    }

    Figure klAlone() {
        List<Curve> curves = List.of(
                new Curve(
                        "DPO",
                        ORANGE,
                        Look.LINE,
                        indexed(Extrapolation.BETAS.stream()
                                .map(Extrapolation::valueOfKl)
                                .toList())),
                flat("reference", VIOLET, Extrapolation.valueOfReference(), Extrapolation.BETAS.size()),
                flat("best covered action", GREEN, Extrapolation.valueOfBest(), Extrapolation.BETAS.size()));
        return new Figure(
                "theory-kl",
                "KL alone: the value of DPO's minimum, by β",
                "The same world. A larger β only pulls the policy back to the reference; on the way it never passes it.",
                "β",
                "E r*",
                Extrapolation.BETAS.stream().map(Variant::shortest).toList(),
                curves);
    }

    Figure gapByPairs() {
        return new Figure(
                "theory-gap",
                "Expected gap to the best covered policy, by the number of comparisons",
                "Exact expectations over all data sets: DPO at any β, KL and χPO on the likeliest reward at the β that is best in hindsight, RPO at the theorem's η and β. One comparison names the worst action; all others are of the two better ones. More of these do not help what rests on the likeliest reward.",
                "N",
                "log₁₀ of the expected gap",
                names(results.rare(), RareAction::pairs),
                List.of(
                        logs("DPO", VIOLET, row -> RareAction.dpo()),
                        logs("KL", ORANGE, RareAction::klInHindsight),
                        logs("χPO", PINK, RareAction::chiSquaredInHindsight),
                        logs("RPO", GREEN, RareAction::rpo)));
    }

    Figure bound() {
        return new Figure(
                "theory-bound",
                "The bound of theorem 5.3 and what it bounds",
                "The bound holds with probability 0.95. It is above 1, the largest gap there is, until N is some thousands.",
                "N",
                "log₁₀ of gap and bound",
                names(results.rare(), RareAction::pairs),
                List.of(logs("bound", BLUE, RareAction::bound), logs("RPO's expected gap", GREEN, RareAction::rpo)));
    }

    private Curve logs(String label, int color, ToDoubleFunction<RareAction> value) {
        return new Curve(
                label,
                color,
                Look.LINE,
                indexed(results.rare().stream()
                        .map(row -> Math.log10(value.applyAsDouble(row)))
                        .toList()));
    }

    Figure rate() {
        List<ShrinkingGap> rows = results.shrinking();
        List<Point> root = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            ShrinkingGap last = rows.get(rows.size() - 1);
            root.add(Point.at(
                    i,
                    Math.log10(last.rpo())
                            + Math.log10(last.pairs() / (double) rows.get(i).pairs()) / 2));
        }
        return new Figure(
                "theory-rate",
                "The rate where the world becomes harder with N",
                "The best two actions differ by 1/√N. Expectations over the comparisons' outcomes; the dashed line has the slope −½ of the theorem.",
                "N",
                "log₁₀ of the expected gap",
                names(rows, ShrinkingGap::pairs),
                List.of(
                        new Curve("slope −½", BLUE, Look.DASHED, root),
                        new Curve(
                                "DPO",
                                ORANGE,
                                Look.LINE,
                                indexed(rows.stream()
                                        .map(row -> Math.log10(row.dpo()))
                                        .toList())),
                        new Curve(
                                "RPO",
                                GREEN,
                                Look.LINE,
                                indexed(rows.stream()
                                        .map(row -> Math.log10(row.rpo()))
                                        .toList()))));
    }

    Figure hump() {
        return new Figure(
                "theory-eta",
                "True value against η",
                "The linear reward of above, at the end of training and early on. Too little η leaves the extrapolation standing for long, too much imitates the chosen answers.",
                "η",
                "E r*",
                Extrapolation.ETAS.stream().map(Variant::shortest).toList(),
                List.of(
                        new Curve(
                                "after 1,000 steps",
                                ORANGE,
                                Look.LINE,
                                indexed(Extrapolation.ETAS.stream()
                                        .map(eta ->
                                                results.extrapolatedEarly(eta).value())
                                        .toList())),
                        new Curve(
                                "after 40,000",
                                GREEN,
                                Look.LINE,
                                indexed(Extrapolation.ETAS.stream()
                                        .map(eta -> results.extrapolatedEnd(eta).value())
                                        .toList()))));
    }

    Figure online() {
        return new Figure(
                "theory-online",
                "Seeds that found the best action, by row of the table",
                "Share of 200 seeds whose policy takes the best action more often than not after 25 rounds.",
                "row",
                "share of seeds",
                IntStream.rangeClosed(1, results.online().size())
                        .mapToObj(String::valueOf)
                        .toList(),
                List.of(
                        found("second answer from the policy", ORANGE, false),
                        found("second answer from the reference", GREEN, true)));
    }

    private Curve found(String label, int color, boolean againstReference) {
        List<OnlineLearning> all = results.online();
        return new Curve(
                label,
                color,
                Look.INTERVALS,
                IntStream.range(0, all.size())
                        .filter(i -> all.get(i).variant().againstReference() == againstReference)
                        .mapToObj(i -> Point.at(i, all.get(i).found()))
                        .toList());
    }

    Figure ensembles(World world) {
        EnsembleSelection selection = results.ensembles().get(world);
        List<Curve> curves = new ArrayList<>();
        curves.add(new Curve("proxy", VIOLET, Look.DASHED, byDistance(selection.proxy())));
        curves.add(gold(selection, "single", Aggregate.SINGLE, ORANGE));
        curves.add(gold(selection, "mean", Aggregate.MEAN, BLUE));
        curves.add(gold(selection, "worst", Aggregate.WCO, GREEN));
        curves.add(gold(selection, "UWO", Aggregate.UWO_ONE, PINK));
        return new Figure(
                world == World.UNCOVERED ? "theory-uncovered" : "theory-shared",
                world == World.UNCOVERED
                        ? "Best-of-n where no comparison shows a bad feature"
                        : "Best-of-n where every member has the same bias",
                "Gold reward of the answer that a score picks out of n, mean over 40 seeds; n from 1 to 1,024. The score is that of a single model, or of five: their mean, their worst, or the mean less the variance (UWO). Dashed: what the single model thinks of its choice.",
                "√KL to the reference",
                "reward, centred",
                List.of(),
                curves);
    }

    private static Curve gold(EnsembleSelection selection, String label, Aggregate aggregate, int color) {
        return new Curve(label, color, Look.LINE, byDistance(selection.gold().get(aggregate)));
    }

    private static List<Point> byDistance(double[] values) {
        return IntStream.range(0, values.length)
                .mapToObj(i -> Point.at(EnsembleSelection.distance(EnsembleSelection.SIZES.get(i)), values[i]))
                .toList();
    }

    Figure bestOfN() {
        return new Figure(
                "theory-bon",
                "How far best-of-n goes from its reference",
                "A reference of four answers with probabilities .1 to .4, in the order of their reward. The formula takes no two samples to be alike.",
                "n",
                "KL (nats)",
                FiniteBestOfN.SIZES.stream().map(String::valueOf).toList(),
                List.of(
                        new Curve(
                                "log n − (n − 1)/n",
                                ORANGE,
                                Look.LINE,
                                indexed(FiniteBestOfN.SIZES.stream()
                                        .map(BestOfN::kl)
                                        .toList())),
                        new Curve(
                                "exact",
                                GREEN,
                                Look.LINE,
                                indexed(FiniteBestOfN.SIZES.stream()
                                        .map(FiniteBestOfN::exactKl)
                                        .toList()))));
    }

    Figure scalarRewards() {
        return new Figure(
                "theory-ratings",
                "Ratings in place of comparisons",
                "Three actions rated 40, 40 and 2 times with means .6, .5 and .9: how much of its mass the policy gives to the one that was rated twice, and the reward the game leaves it.",
                "η",
                "value",
                ScalarRewards.ETAS.stream().map(Variant::shortest).toList(),
                List.of(
                        new Curve(
                                "its reward",
                                BLUE,
                                Look.LINE,
                                indexed(ScalarRewards.ETAS.stream()
                                        .map(eta -> ScalarRewards.solve(eta).rewards()[2])
                                        .toList())),
                        new Curve(
                                "its probability",
                                GREEN,
                                Look.LINE,
                                indexed(ScalarRewards.ETAS.stream()
                                        .map(eta -> ScalarRewards.solve(eta).policy()[2])
                                        .toList()))));
    }

    private static Curve flat(String label, int color, double value, int count) {
        return new Curve(label, color, Look.DASHED, List.of(Point.at(0, value), Point.at(count - 1.0, value)));
    }

    private static List<Point> indexed(List<Double> values) {
        return IntStream.range(0, values.size())
                .mapToObj(i -> Point.at(i, values.get(i)))
                .toList();
    }

    /** Without commas, which XChart would cut the labels at. */
    private static <T> List<String> names(List<T> rows, ToDoubleFunction<T> value) {
        return rows.stream()
                .map(row -> (int) value.applyAsDouble(row))
                .map(size -> size < 1000 ? String.valueOf(size) : size / 1000 + "k")
                .toList();
    }
}
