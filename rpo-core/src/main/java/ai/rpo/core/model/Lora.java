package ai.rpo.core.model;

import java.util.Set;
import java.util.TreeSet;

/**
 * Low-rank updates of some of a model's projections (arXiv 2106.09685), named as PEFT names them:
 * {@code y = x·Wᵀ + scale·(dropout(x)·Aᵀ)·Bᵀ} with A {@code [rank, in]} and B {@code [out, rank]}.
 *
 * @param dropout probability with which an element of x is left out of the update in training
 * @param rankStabilized whether the scale is alpha/√rank (arXiv 2312.03732) rather than alpha/rank
 * @param modules names of the projections, such as {@code model.layers.0.self_attn.q_proj}
 */
public record Lora(int rank, double alpha, double dropout, boolean rankStabilized, Set<String> modules) {

    static final String A_WEIGHT = ".lora_A.weight";

    private static final String PREFIX = "base_model.model.";

    public Lora {
        modules = new TreeSet<>(modules);
    }

    public double scale() {
        return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
    }

    /** The name of a projection's A, without {@code .weight}. */
    public static String a(String module) {
        return PREFIX + module + ".lora_A";
    }

    /** The name of a projection's B, without {@code .weight}. */
    public static String b(String module) {
        return PREFIX + module + ".lora_B";
    }
}
