package ai.rpo.jobs.report;

import ai.rpo.core.objective.Metrics;
import ai.rpo.jobs.report.Curve.Look;
import ai.rpo.jobs.report.Curve.Point;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Figures that set variants side by side. */
final class ComparisonFigures {

    private static final String EPOCH = "epoch";
    private static final String BAND = " Line: mean over seeds; band: lowest to highest seed.";

    private final List<Variant> variants;

    ComparisonFigures(List<Variant> variants) {
        this.variants = variants;
    }

    /** The paper's figure 1. */
    Figure chosenLogps() {
        return byEpoch(
                "logps-chosen",
                "Figure 1: log-probability of the chosen answers",
                "log π(y⁺|x) (nats)",
                Metrics.CHOSEN_LOGPS.name(),
                "The policy's log-probability of the chosen answers of its training pairs, summed over tokens; each point is the mean over an epoch's steps, taken as each batch was trained on.");
    }

    Figure rejectedLogps() {
        return byEpoch(
                "logps-rejected",
                "Log-probability of the rejected answers",
                "log π(y⁻|x) (nats)",
                Metrics.REJECTED_LOGPS.name(),
                "The same for the rejected answers.");
    }

    List<Figure> learning() {
        List<Figure> figures = new ArrayList<>();
        figures.add(
                byEpoch(
                        "loss-preference",
                        "Preference term",
                        "−log σ(margin) (nats)",
                        Metrics.PREFERENCE_LOSS.name(),
                        "Mean of −log σ(m) over an epoch's training pairs: the same definition for every η, so the curves can be compared."));
        if (variants.stream()
                        .flatMap(v -> v.runs().stream())
                        .map(RunArtifacts::reduction)
                        .distinct()
                        .count()
                == 1) {
            figures.add(
                    byEpoch(
                            "loss-sft",
                            "Supervised term",
                            "R (nats)",
                            Metrics.SFT_LOSS.name(),
                            "The supervised term on the chosen answers before its weight: the same definition for every η; DPO computes it but does not train on it."));
        }
        figures.add(byEpoch(
                "margins",
                "Reward margin",
                "margin",
                Metrics.MARGIN.name(),
                "Implicit reward of the chosen minus that of the rejected answer, mean over an epoch's pairs."));
        figures.add(byEpoch(
                "accuracies",
                "Reward accuracy",
                "share of pairs",
                Metrics.ACCURACY.name(),
                "Share of an epoch's training pairs that the implicit reward ranks as the judge did."));
        return figures;
    }

    Figure goldOverTraining() {
        List<Curve> curves = new ArrayList<>();
        for (int i = 0; i < variants.size(); i++) {
            TreeMap<Integer, DoubleSummaryStatistics> epochs = new TreeMap<>();
            for (GoldRecord gold : variants.get(i).gold()) {
                gold.epochs().forEach(e -> epochs.computeIfAbsent(e.epoch(), key -> new DoubleSummaryStatistics())
                        .accept(e.gold()));
            }
            curves.add(curve(i, epochs));
        }
        return new Figure(
                "gold",
                "Gold reward over training",
                "Mean gold reward of the policy's own answers to unseen prompts, sampled from the checkpoint of each epoch; epoch 0 is the common starting model."
                        + BAND,
                EPOCH,
                "gold reward",
                List.of(),
                curves);
    }

    Figure goldByEta() {
        List<Curve> curves = new ArrayList<>();
        List<String> ticks = new ArrayList<>();
        for (int i = 0; i < variants.size(); i++) {
            Variant variant = variants.get(i);
            List<Double> ends = variant.gold().stream().map(GoldRecord::last).toList();
            ticks.add(
                    variant.isDpo() ? "0 (DPO)" : Variant.shortest(variant.eta().orElse(Double.NaN)));
            if (!ends.isEmpty()) {
                double x = i;
                Estimate mean = Estimate.ofSeeds(ends);
                curves.add(new Curve(
                        "",
                        i,
                        Look.DOTS,
                        ends.stream().map(y -> Point.at(x + 0.12, y)).toList()));
                curves.add(
                        new Curve("", i, Look.INTERVALS, List.of(new Point(x, mean.mean(), mean.low(), mean.high()))));
            }
        }
        return new Figure(
                "gold-by-eta",
                "Gold reward at the end, against η",
                "Diamond and bar: mean over seeds after the last epoch, with its 95 % interval (Student's t over seeds; without a bar there was one seed). Dots: the seeds.",
                "η",
                "gold reward",
                ticks,
                curves);
    }

    private Figure byEpoch(String name, String title, String yAxis, String metric, String caption) {
        List<Curve> curves = new ArrayList<>();
        for (int i = 0; i < variants.size(); i++) {
            TreeMap<Integer, DoubleSummaryStatistics> epochs = new TreeMap<>();
            for (Map<Integer, Double> means : variants.get(i).epochMeans(metric)) {
                means.forEach((epoch, mean) -> epochs.computeIfAbsent(epoch, key -> new DoubleSummaryStatistics())
                        .accept(mean));
            }
            curves.add(curve(i, epochs));
        }
        return new Figure(name, title, caption + BAND, EPOCH, yAxis, List.of(), curves);
    }

    private Curve curve(int variant, TreeMap<Integer, DoubleSummaryStatistics> epochs) {
        List<Point> points = epochs.entrySet().stream()
                .map(epoch -> new Point(
                        epoch.getKey(),
                        epoch.getValue().getAverage(),
                        epoch.getValue().getMin(),
                        epoch.getValue().getMax()))
                .toList();
        return new Curve(variants.get(variant).name(), variant, Look.LINE, points);
    }
}
