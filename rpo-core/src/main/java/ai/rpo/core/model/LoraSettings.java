package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether an adapter is trained instead of all weights, and what it is like; the keys of {@code rpo.lora}.
 *
 * @param rank columns between A and B; 0 to train all weights
 * @param alpha numerator of the update's scale
 * @param dropout probability with which an element of a projection's input is left out of its update in training
 * @param targetModules projections by the ends of their names, or {@code all-linear}
 * @param rankStabilized whether the scale is alpha/√rank rather than alpha/rank
 * @param basePrecision in how many bits the weights under the adapter are kept
 */
public record LoraSettings(
        int rank,
        double alpha,
        double dropout,
        List<String> targetModules,
        boolean rankStabilized,
        BasePrecision basePrecision) {

    public static final LoraSettings OFF = new LoraSettings(0, 16, 0, List.of(AdapterConfig.ALL), false);

    public LoraSettings {
        targetModules = List.copyOf(targetModules);
        List<String> problems = new ArrayList<>();
        if (rank < 0) {
            problems.add("rank must be at least 0, but is " + rank);
        }
        if (!(alpha > 0) || Double.isInfinite(alpha)) {
            problems.add("alpha must be above 0, but is " + alpha);
        }
        if (!(dropout >= 0 && dropout < 1)) {
            problems.add("dropout must be at least 0 and below 1, but is " + dropout);
        }
        if (targetModules.isEmpty()) {
            problems.add("target-modules must name a projection, but is empty");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** Makes those of an adapter on weights as they are stored. */
    public LoraSettings(int rank, double alpha, double dropout, List<String> targetModules, boolean rankStabilized) {
        this(rank, alpha, dropout, targetModules, rankStabilized, BasePrecision.AS_STORED);
    }

    public boolean isOn() {
        return rank > 0;
    }

    /**
     * The adapter that a run with these settings trains.
     *
     * @param start a model, or an adapter on one that is to be trained further
     * @return empty if all weights are trained
     * @throws RpoException if the model has no projection of one of the names, or the adapter to begin with is another
     */
    public Optional<Lora> on(ModelDirectory start) {
        if (!isOn()) {
            if (basePrecision != BasePrecision.AS_STORED) {
                throw RpoException.configuration("Cannot keep weights in rpo.lora.base-precision = "
                        + basePrecision.key() + ": rpo.lora.rank is 0, so all of them are trained. Set a rank, or leave"
                        + " base-precision out.");
            }
            return Optional.empty();
        }
        Lora wanted = new Lora(
                rank,
                alpha,
                dropout,
                rankStabilized,
                AdapterConfig.modules(start.config(), targetModules, "rpo.lora.target-modules"));
        start.adapter().ifPresent(adapter -> requireSame(wanted, adapter.lora(), start));
        return Optional.of(wanted);
    }

    private static void requireSame(Lora wanted, Lora found, ModelDirectory start) {
        List<String> differences = new ArrayList<>();
        if (wanted.rank() != found.rank()) {
            differences.add("rpo.lora.rank is " + wanted.rank() + ", the adapter's " + found.rank());
        }
        if (wanted.alpha() != found.alpha()) {
            differences.add("rpo.lora.alpha is " + wanted.alpha() + ", the adapter's " + found.alpha());
        }
        if (wanted.rankStabilized() != found.rankStabilized()) {
            differences.add("rpo.lora.rank-stabilized is " + wanted.rankStabilized() + ", the adapter's "
                    + found.rankStabilized());
        }
        if (!wanted.modules().equals(found.modules())) {
            differences.add(
                    "rpo.lora.target-modules are not the adapter's " + AdapterConfig.shortNames(start.config(), found));
        }
        if (!differences.isEmpty()) {
            throw RpoException.configuration("Cannot go on training the adapter in " + start.folder() + ": "
                    + String.join("; ", differences)
                    + ". Set them to the adapter's, or export it with rpo.export.form = full and start from that.");
        }
    }
}
