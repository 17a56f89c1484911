package ai.rpo.jobs.report;

import ai.rpo.core.objective.RpoObjective;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Runs that differ in their seed alone.
 *
 * @param name for a legend
 * @param eta η of all of them; empty where variants differ in something else
 * @param runs at least one
 */
record Variant(String name, OptionalDouble eta, List<RunArtifacts> runs) {

    /** One variant for each η, DPO first. */
    static List<Variant> byEta(List<RunArtifacts> runs) {
        Map<Double, List<RunArtifacts>> groups = runs.stream()
                .filter(run -> run.eta().isPresent())
                .collect(Collectors.groupingBy(run -> run.eta().orElseThrow(), TreeMap::new, Collectors.toList()));
        return groups.entrySet().stream()
                .map(group -> new Variant(
                        RpoObjective.paper(1, group.getKey()).title(),
                        OptionalDouble.of(group.getKey()),
                        group.getValue()))
                .toList();
    }

    static String shortest(double eta) {
        return eta == Math.rint(eta) ? String.valueOf((long) eta) : String.valueOf(eta);
    }

    boolean isDpo() {
        return eta.isPresent() && eta.getAsDouble() == 0;
    }

    List<GoldRecord> gold() {
        return runs.stream().flatMap(run -> run.gold().stream()).toList();
    }

    /** A held-out metric's mean, for each run that measured it. */
    List<Double> heldOut(String metric) {
        return runs.stream()
                .flatMap(run -> Optional.ofNullable(run.evaluation().get(metric)).stream())
                .map(Estimate::mean)
                .toList();
    }

    /** A metric's mean over the steps of each epoch, for each run that recorded it. */
    List<Map<Integer, Double>> epochMeans(String metric) {
        return runs.stream()
                .map(run -> run.training().epochMeans(metric))
                .filter(means -> !means.isEmpty())
                .toList();
    }

    /** Last epoch's mean minus the first's, for each run. */
    List<Double> changes(String metric) {
        return epochMeans(metric).stream()
                .map(means -> {
                    List<Double> values = List.copyOf(means.values());
                    return values.get(values.size() - 1) - values.get(0);
                })
                .toList();
    }

    OptionalDouble meanOfLastEpoch(String metric) {
        return epochMeans(metric).stream()
                .mapToDouble(means -> List.copyOf(means.values()).get(means.size() - 1))
                .average();
    }
}
