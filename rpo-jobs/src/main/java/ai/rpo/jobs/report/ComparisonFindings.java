package ai.rpo.jobs.report;

import ai.rpo.core.objective.Metrics;
import ai.rpo.jobs.report.Finding.Verdict;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Says what a comparison shows against what the paper says of DPO and RPO. Every number and every verdict comes from
 * the runs; a run that shows something else makes these sentences say so.
 */
final class ComparisonFindings {

    private static final String CHOSEN = Metrics.CHOSEN_LOGPS.name();

    private final List<Variant> variants;
    private final Optional<Variant> dpo;

    private ComparisonFindings(List<Variant> variants) {
        this.variants = variants;
        this.dpo = variants.stream().filter(Variant::isDpo).findFirst();
    }

    static List<Finding> of(List<Variant> variants) {
        ComparisonFindings all = new ComparisonFindings(variants);
        List<Finding> findings = new ArrayList<>();
        all.dpo.flatMap(all::chosenUnderDpo).ifPresent(findings::add);
        all.variants.stream().filter(variant -> !variant.isDpo()).forEach(variant -> all.chosenUnderRpo(variant)
                .ifPresent(findings::add));
        all.dpo.flatMap(all::peak).ifPresent(findings::add);
        all.variants.stream().filter(variant -> !variant.isDpo()).forEach(variant -> all.goldAgainstDpo(variant)
                .ifPresent(findings::add));
        all.optimum().ifPresent(findings::add);
        return findings;
    }

    private Optional<Finding> chosenUnderDpo(Variant variant) {
        List<Double> changes = variant.changes(CHOSEN);
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        long fell = changes.stream().filter(change -> change < 0).count();
        Verdict verdict = fell == changes.size() && isCertain(changes)
                ? Verdict.AGREES
                : fell == 0 ? Verdict.DIFFERS : Verdict.NEUTRAL;
        String text = String.format(
                Locale.ROOT,
                "From the first to the last epoch the chosen answers' log-probability changed by %s nats (mean over seeds); it fell in %d of %d seeds. %s",
                Numbers.estimate(Estimate.ofSeeds(changes)),
                fell,
                changes.size(),
                switch (verdict) {
                    case AGREES ->
                        "This is the paper's figure 1: DPO makes the very answers it is told to prefer less likely.";
                    case DIFFERS -> "The paper's figure 1 shows a fall; these runs do not.";
                    case NEUTRAL -> "The paper's figure 1 shows a fall; these seeds do not decide it.";
                });
        return Optional.of(new Finding("DPO: log-probability of the chosen answers", verdict, text));
    }

    private Optional<Finding> chosenUnderRpo(Variant variant) {
        List<Double> changes = variant.changes(CHOSEN);
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        Estimate change = Estimate.ofSeeds(changes);
        StringBuilder text =
                new StringBuilder(String.format(Locale.ROOT, "It changed by %s nats", Numbers.estimate(change)));
        Verdict verdict = Verdict.NEUTRAL;
        if (dpo.isPresent() && dpo.get().meanOfLastEpoch(CHOSEN).isPresent()) {
            double above = variant.meanOfLastEpoch(CHOSEN).orElseThrow()
                    - dpo.get().meanOfLastEpoch(CHOSEN).getAsDouble();
            verdict = above > 0 ? Verdict.AGREES : Verdict.DIFFERS;
            text.append(String.format(
                    Locale.ROOT,
                    " and ended %s nats %s DPO's",
                    Numbers.format(Math.abs(above)),
                    above > 0 ? "above" : "below"));
        }
        text.append(
                switch (verdict) {
                    case AGREES ->
                        change.mean() >= 0
                                ? ": the supervised term holds it up, as the paper says."
                                : ": the supervised term slows the fall but does not stop it.";
                    case DIFFERS -> ": the paper expects the supervised term to hold it up; here it did not.";
                    case NEUTRAL -> ".";
                });
        return Optional.of(
                new Finding(variant.name() + ": log-probability of the chosen answers", verdict, text.toString()));
    }

    /** The epoch is picked where the mean over seeds is highest, so the difference is the same epochs in every seed. */
    private Optional<Finding> peak(Variant variant) {
        List<GoldRecord> gold = variant.gold();
        if (gold.isEmpty()) {
            return Optional.empty();
        }
        Map<Integer, Double> means = gold.stream()
                .flatMap(record -> record.epochs().stream())
                .collect(Collectors.groupingBy(
                        GoldRecord.Epoch::epoch, TreeMap::new, Collectors.averagingDouble(GoldRecord.Epoch::gold)));
        int best = means.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow()
                .getKey();
        int last = ((TreeMap<Integer, Double>) means).lastKey();
        List<Double> losses = gold.stream()
                .map(record -> record.at(best) - record.at(last))
                .filter(Double::isFinite)
                .toList();
        long sank = losses.stream().filter(loss -> loss > 0).count();
        boolean peaked = best > 0 && best < last && sank > 0;
        Verdict verdict = peaked && sank == losses.size() && isCertain(losses)
                ? Verdict.AGREES
                : peaked ? Verdict.NEUTRAL : Verdict.DIFFERS;
        String text = best == last
                ? String.format(
                        Locale.ROOT,
                        "Mean gold reward was highest at the end (%s): within these epochs there is no overoptimization of it.",
                        Numbers.format(means.get(last)))
                : String.format(
                        Locale.ROOT,
                        "Mean gold reward started at %s, was highest after epoch %d (%s) and ended at %s; it sank from there in %d of %d seeds, by %s on average. %s",
                        means.containsKey(0) ? Numbers.format(means.get(0)) : "an unknown value",
                        best,
                        Numbers.format(means.get(best)),
                        Numbers.format(means.get(last)),
                        sank,
                        losses.size(),
                        Numbers.estimate(Estimate.ofSeeds(losses)),
                        switch (verdict) {
                            case AGREES ->
                                "That is overoptimization: the training objective kept improving while the answers got worse.";
                            case NEUTRAL ->
                                "That looks like overoptimization, but so few seeds of such spread do not prove it.";
                            case DIFFERS -> "That is not a peak followed by a decline.";
                        });
        return Optional.of(new Finding("DPO: gold reward over training", verdict, text));
    }

    private Optional<Finding> goldAgainstDpo(Variant variant) {
        Map<Long, Double> baseline = dpo.map(ComparisonFindings::goldBySeed).orElse(Map.of());
        List<Double> differences = goldBySeed(variant).entrySet().stream()
                .filter(end -> baseline.containsKey(end.getKey()))
                .map(end -> end.getValue() - baseline.get(end.getKey()))
                .toList();
        if (differences.isEmpty()) {
            return Optional.empty();
        }
        Estimate difference = Estimate.ofSeeds(differences);
        long better = differences.stream().filter(d -> d > 0).count();
        Verdict verdict = better == differences.size() && isCertain(differences)
                ? Verdict.AGREES
                : difference.mean() <= 0 ? Verdict.DIFFERS : Verdict.NEUTRAL;
        String certainty = !difference.hasInterval()
                ? "one seed gives no interval"
                : isCertain(differences) ? "the interval excludes 0" : "the interval includes 0";
        String text = String.format(
                Locale.ROOT,
                "At the end its gold reward minus DPO's, paired by seed, is %s; it is higher in %d of %d seeds, and %s.",
                Numbers.estimate(difference),
                better,
                differences.size(),
                certainty);
        return Optional.of(new Finding(variant.name() + ": gold reward against DPO", verdict, text));
    }

    /** Tells whether the 95 % interval excludes 0. */
    private static boolean isCertain(List<Double> differences) {
        Estimate mean = Estimate.ofSeeds(differences);
        return mean.hasInterval() && (mean.low() > 0 || mean.high() < 0);
    }

    private static Map<Long, Double> goldBySeed(Variant variant) {
        Map<Long, Double> ends = new TreeMap<>();
        variant.runs()
                .forEach(run -> run.gold().ifPresent(gold -> ends.put(run.seed().orElse(0L), gold.last())));
        return ends;
    }

    private Optional<Finding> optimum() {
        List<Variant> graded =
                variants.stream().filter(variant -> !variant.gold().isEmpty()).toList();
        if (graded.size() < 3) {
            return Optional.empty();
        }
        Variant best = graded.stream()
                .max(Comparator.comparingDouble(ComparisonFindings::goldAtEnd))
                .orElseThrow();
        boolean inside = best != graded.get(0) && best != graded.get(graded.size() - 1);
        String text = String.format(
                Locale.ROOT,
                "Of the values tried, η = %s has the highest mean gold reward at the end (%s), %s",
                Variant.shortest(best.eta().orElseThrow()),
                Numbers.format(goldAtEnd(best)),
                inside
                        ? "between smaller and larger ones: as the paper expects. How far the neighbours lie apart, the figure shows."
                        : "at the edge of the range: these runs do not show an optimum inside it.");
        return Optional.of(new Finding("Best η", inside ? Verdict.AGREES : Verdict.NEUTRAL, text));
    }

    private static double goldAtEnd(Variant variant) {
        return variant.gold().stream().mapToDouble(GoldRecord::last).average().orElseThrow();
    }
}
