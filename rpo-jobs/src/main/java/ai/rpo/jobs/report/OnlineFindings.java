package ai.rpo.jobs.report;

import ai.rpo.core.gauge.Overoptimization.Interval;
import ai.rpo.jobs.report.Finding.Verdict;
import ai.rpo.jobs.report.Track.Mark;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Says what the online demo shows against what the paper, Gao et al. (arXiv 2210.10760) and Coste et al. (arXiv
 * 2310.02743) say. Every number and every verdict comes from the runs; runs that show something else make these
 * sentences say so.
 */
final class OnlineFindings {

    private final OnlineComparison comparison;

    private OnlineFindings(OnlineComparison comparison) {
        this.comparison = comparison;
    }

    static List<Finding> of(OnlineComparison comparison) {
        OnlineFindings all = new OnlineFindings(comparison);
        List<Finding> findings = new ArrayList<>();
        findings.add(all.gap(Method.ONLINE_DPO));
        findings.add(all.turn(Method.ONLINE_DPO));
        findings.add(all.form(Method.ONLINE_DPO));
        findings.add(all.compared(
                "Online: gold reward of RPO against DPO",
                "RPO's gold reward at the end less DPO's",
                Method.ONLINE_RPO,
                Method.ONLINE_DPO,
                Mark::gold,
                1));
        findings.add(all.compared(
                "Online: gap of RPO against DPO",
                "What the proxy promises too much at the end, RPO's less DPO's",
                Method.ONLINE_RPO,
                Method.ONLINE_DPO,
                Mark::gap,
                -1));
        findings.add(all.compared(
                "The ensemble: gold reward against one reward model",
                "Gold reward at the end with the ensemble less that with one reward model",
                Method.ONLINE_RPO_ENSEMBLE,
                Method.ONLINE_RPO,
                Mark::gold,
                1));
        findings.add(all.compared(
                "The ensemble: gap against one reward model",
                "What the proxy promises too much at the end, the ensemble's less the one model's",
                Method.ONLINE_RPO_ENSEMBLE,
                Method.ONLINE_RPO,
                Mark::gap,
                -1));
        findings.add(all.compared(
                "Offline: gold reward of RPO against DPO",
                "RPO's gold reward at the end less DPO's",
                Method.OFFLINE_RPO,
                Method.OFFLINE_DPO,
                Mark::gold,
                1));
        findings.add(all.best());
        return findings;
    }

    /** Tells whether the proxy promises more than there is. */
    private Finding gap(Method method) {
        List<Double> proxies = atEnd(method, mark -> mark.proxy());
        List<Double> gaps = atEnd(method, Mark::gap);
        Estimate gap = Estimate.ofSeeds(gaps);
        Verdict verdict = verdict(gaps, 1);
        double start = comparison.of(method).get(0).start().gold();
        return new Finding(
                "Proxy and gold under " + method.title(),
                verdict,
                String.format(
                        Locale.ROOT,
                        "From %s at the start the proxy rises to %s and the gold reward goes to %s; the proxy promises %s too much, above 0 in %d of %d seeds. %s",
                        Numbers.format(start),
                        Numbers.format(mean(proxies)),
                        Numbers.format(mean(atEnd(method, Mark::gold))),
                        Numbers.estimate(gap),
                        count(gaps, 1),
                        gaps.size(),
                        switch (verdict) {
                            case AGREES -> "That is overoptimization: the policy has learnt what the proxy gets wrong.";
                            case DIFFERS -> "These runs do not overoptimize the proxy.";
                            case NEUTRAL -> "These seeds do not decide whether it is overoptimized.";
                        }));
    }

    /** Tells whether the gold reward falls after a peak, which is chosen on the mean of all seeds. */
    private Finding turn(Method method) {
        List<Track> tracks = comparison.of(method);
        int marks =
                tracks.stream().mapToInt(track -> track.marks().size()).min().orElseThrow();
        int best = IntStream.range(0, marks)
                .boxed()
                .max(Comparator.comparingDouble(i -> meanGold(tracks, i)))
                .orElseThrow();
        List<Double> changes = tracks.stream()
                .map(track -> track.end().gold() - track.marks().get(best).gold())
                .toList();
        String topic = "The turn of the gold reward under " + method.title();
        if (best == marks - 1) {
            return new Finding(
                    topic,
                    Verdict.DIFFERS,
                    String.format(
                            Locale.ROOT,
                            "Its mean is highest at the end (%s): so far from the base model, the gold reward does not yet turn down.",
                            Numbers.format(meanGold(tracks, best))));
        }
        Verdict verdict = verdict(changes, -1);
        String highest = best == 0
                ? "It is highest before the first step (%s) and ends at %s"
                : "Its mean is highest at mark " + best + " of " + (marks - 1) + " (%s) and ends at %s";
        return new Finding(
                topic,
                verdict,
                String.format(
                        Locale.ROOT,
                        highest + ": a change of %s from there, downwards in %d of %d seeds. %s",
                        Numbers.format(meanGold(tracks, best)),
                        Numbers.format(meanGold(tracks, marks - 1)),
                        Numbers.estimate(Estimate.ofSeeds(changes)),
                        count(changes, -1),
                        changes.size(),
                        switch (verdict) {
                            case AGREES -> "Gao et al. say so: more optimization of the proxy, less of what was meant.";
                            case DIFFERS -> "Gao et al. expect a fall; these runs do not fall.";
                            case NEUTRAL -> "Gao et al. expect a fall; these seeds do not decide it.";
                        }));
    }

    /** Tells which of Gao's forms fits, and where it turns. */
    private Finding form(Method method) {
        String topic = "Gao's forms under " + method.title();
        List<Track> tracks = comparison.of(method);
        Optional<GoldFit> better = GoldFit.better(tracks);
        if (better.isEmpty()) {
            return new Finding(topic, Verdict.NEUTRAL, "Too few marks lie apart for a fit.");
        }
        GoldFit fit = better.get();
        String turns = "it does not turn down";
        Verdict verdict = Verdict.DIFFERS;
        if (fit.fit().peak().isPresent()) {
            Interval peak = fit.fit().peakInterval();
            double farthest = tracks.stream()
                    .mapToDouble(track -> track.end().distance())
                    .max()
                    .orElseThrow();
            verdict = Double.isFinite(peak.high()) && peak.high() < farthest ? Verdict.AGREES : Verdict.NEUTRAL;
            turns = String.format(
                    Locale.ROOT,
                    "it turns at √KL = %s [%s, %s], and the farthest run ended at %s",
                    Numbers.format(peak.value()),
                    Numbers.format(peak.low()),
                    Numbers.format(peak.high()),
                    Numbers.format(farthest));
        }
        return new Finding(
                topic,
                verdict,
                String.format(
                        Locale.ROOT,
                        "R = %s fits better (α = %s, β = %s, leaving %s); %s.%s",
                        fit.form(),
                        Numbers.format(fit.fit().alpha()),
                        Numbers.format(fit.fit().beta()),
                        Numbers.format(fit.error()),
                        turns,
                        verdict == Verdict.NEUTRAL
                                ? " The interval does not show that there is a turn on the way."
                                : ""));
    }

    /** @param sign 1 where more is better, −1 where less is */
    private Finding compared(
            String topic, String what, Method one, Method other, ToDoubleFunction<Mark> value, int sign) {
        List<Double> differences = new ArrayList<>();
        for (Track track : comparison.of(one)) {
            comparison.of(other).stream()
                    .filter(each -> each.seed() == track.seed())
                    .forEach(each ->
                            differences.add(value.applyAsDouble(track.end()) - value.applyAsDouble(each.end())));
        }
        Verdict verdict = verdict(differences, sign);
        return new Finding(
                topic,
                verdict,
                String.format(
                        Locale.ROOT,
                        "%s, paired by seed, is %s; it is %s in %d of %d seeds. %s",
                        what,
                        Numbers.estimate(Estimate.ofSeeds(differences)),
                        sign > 0 ? "above 0" : "below 0",
                        count(differences, sign),
                        differences.size(),
                        switch (verdict) {
                            case AGREES -> "That is what is claimed of it.";
                            case DIFFERS -> "That is not what is claimed of it.";
                            case NEUTRAL -> "These seeds do not decide it.";
                        }));
    }

    private Finding best() {
        Method best = java.util.Arrays.stream(Method.values())
                .max(Comparator.comparingDouble(method -> mean(atEnd(method, Mark::gold))))
                .orElseThrow();
        List<String> all = java.util.Arrays.stream(Method.values())
                .map(method -> method.title() + " " + Numbers.format(mean(atEnd(method, Mark::gold))))
                .toList();
        return new Finding(
                "Gold reward at the end",
                Verdict.NEUTRAL,
                String.format(Locale.ROOT, "Highest under %s. By method: %s.", best.title(), String.join(", ", all)));
    }

    private List<Double> atEnd(Method method, ToDoubleFunction<Mark> value) {
        return comparison.of(method).stream()
                .map(track -> value.applyAsDouble(track.end()))
                .toList();
    }

    private static double meanGold(List<Track> tracks, int mark) {
        return tracks.stream()
                .mapToDouble(track -> track.marks().get(mark).gold())
                .average()
                .orElseThrow();
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    private static long count(List<Double> values, int sign) {
        return values.stream().filter(value -> sign * value > 0).count();
    }

    /** Agrees where the 95 % interval lies on the expected side of 0, differs where the mean lies on the other. */
    private static Verdict verdict(List<Double> values, int sign) {
        Estimate mean = Estimate.ofSeeds(values);
        boolean certain = mean.hasInterval() && (sign > 0 ? mean.low() > 0 : mean.high() < 0);
        return certain ? Verdict.AGREES : sign * mean.mean() <= 0 ? Verdict.DIFFERS : Verdict.NEUTRAL;
    }
}
