package ai.rpo.jobs.report;

import ai.rpo.core.gauge.GroupedMean;
import ai.rpo.core.gauge.Overoptimization;
import ai.rpo.core.gauge.Overoptimization.Form;
import ai.rpo.core.gauge.Overoptimization.Interval;
import ai.rpo.core.gauge.RewardCurve;
import ai.rpo.jobs.report.Finding.Verdict;
import ai.rpo.spark.gauge.GaugePoint;
import ai.rpo.spark.gauge.GaugePoints;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Puts the gauge's numbers into words. */
final class GaugeFindings {

    private static final double Z = 1.959963984540054;

    private GaugeFindings() {}

    static List<Finding> of(GaugePoints points) {
        List<Finding> findings = new ArrayList<>();
        GaugePoint last = points.last();
        findings.add(new Finding(
                "Distance from the reference",
                Verdict.NEUTRAL,
                String.format(
                        Locale.ROOT,
                        "At step %s the policy is %s nats a completion from its reference (standard error %s), √KL = %s; from the"
                                + " sampled tokens alone the estimates are %s (k1) and %s (k3).",
                        Numbers.format(last.step()),
                        Numbers.format(last.kl().mean()),
                        Numbers.format(last.kl().error()),
                        Numbers.format(Math.sqrt(last.kl().mean())),
                        Numbers.format(last.k1()),
                        Numbers.format(last.k3()))));
        if (points.gold().isPresent()) {
            findings.add(new Finding(
                    "Gold reward",
                    Verdict.NEUTRAL,
                    gold(points) + turn("gold", points.gold().get())));
        } else {
            findings.add(new Finding(
                    "No gold reward",
                    Verdict.NEUTRAL,
                    "Nothing says what the completions are worth beyond "
                            + (points.proxy().isPresent() ? "the proxy" : "the loss")
                            + ", so overoptimization would not show here. Name a reward that nothing is optimized against in"
                            + " rpo.gauge.gold."));
        }
        points.proxy()
                .ifPresent(curve -> findings.add(
                        new Finding("Proxy reward", Verdict.NEUTRAL, proxy(points) + turn("proxy", curve))));
        return findings;
    }

    private static String gold(GaugePoints points) {
        List<GaugePoint> measured = points.points().stream()
                .filter(point -> point.gold().isPresent())
                .toList();
        GaugePoint best = measured.stream()
                .max(Comparator.comparingDouble(point -> mean(point.gold())))
                .orElseThrow();
        GaugePoint last = points.last();
        String course = course("gold", points.reference().gold(), last.gold())
                + String.format(
                        Locale.ROOT,
                        " It is highest at step %s, %s.",
                        Numbers.format(best.step()),
                        Numbers.format(mean(best.gold())));
        if (best.step() == last.step()) {
            return course;
        }
        double fall = mean(best.gold()) - mean(last.gold());
        double error = Math.hypot(
                best.gold().orElseThrow().error(), last.gold().orElseThrow().error());
        if (fall <= Z * error) {
            return course + " The fall since then is within what sampling alone would do.";
        }
        boolean proxyRose = best.proxy().isPresent() && mean(last.proxy()) > mean(best.proxy());
        return course
                + (proxyRose
                        ? String.format(
                                Locale.ROOT,
                                " Since then it fell by %s while the proxy rose by %s: that is overoptimization.",
                                Numbers.format(fall),
                                Numbers.format(mean(last.proxy()) - mean(best.proxy())))
                        : String.format(Locale.ROOT, " Since then it fell by %s.", Numbers.format(fall)));
    }

    private static String proxy(GaugePoints points) {
        return course("proxy", points.reference().proxy(), points.last().proxy());
    }

    private static String course(String reward, Optional<GroupedMean> from, Optional<GroupedMean> to) {
        double change = mean(to) - mean(from);
        double half =
                Z * Math.hypot(from.orElseThrow().error(), to.orElseThrow().error());
        return String.format(
                Locale.ROOT,
                "From the reference to the last checkpoint the %s reward changed by %s (95 %% interval %s to %s).",
                reward,
                Numbers.format(change),
                Numbers.format(change - half),
                Numbers.format(change + half));
    }

    private static double mean(Optional<GroupedMean> reward) {
        return reward.orElseThrow().mean();
    }

    private static String turn(String reward, RewardCurve curve) {
        if (curve.fits().isEmpty()) {
            return " Three checkpoints at different distances are needed to say where it turns.";
        }
        Overoptimization fit = curve.fits().get(0);
        Interval slope =
                fit.slopeAt(curve.points().get(curve.points().size() - 1).distance());
        String now = slope.high() < 0
                ? "is falling with distance by now"
                : slope.low() > 0 ? "is still rising with distance" : "may rise or fall with distance by now";
        String words = String.format(
                Locale.ROOT,
                " By the form that lies nearer, %s with α = %s and β = %s, it %s (slope %s, 95 %% interval %s to %s)",
                formula(fit.form()),
                Numbers.format(fit.alpha()),
                Numbers.format(fit.beta()),
                now,
                Numbers.format(slope.value()),
                Numbers.format(slope.low()),
                Numbers.format(slope.high()));
        if (fit.peak().isEmpty()) {
            return words + ". That form has no turn.";
        }
        Interval peak = fit.peakInterval();
        if (Double.isInfinite(peak.high())) {
            return words
                    + String.format(
                            Locale.ROOT,
                            ". The points do not show that it turns; if it does, not before √KL = %s.",
                            Numbers.format(peak.low()));
        }
        return words
                + String.format(
                        Locale.ROOT,
                        ", and turns at √KL = %s (95 %% interval %s to %s).",
                        Numbers.format(peak.value()),
                        Numbers.format(peak.low()),
                        Numbers.format(peak.high()));
    }

    /** A form as it is written. */
    static String formula(Form form) {
        return switch (form) {
            case BEST_OF_N -> "d·(α − β·d)";
            case LEARNING -> "d·(α − β·ln d)";
        };
    }
}
