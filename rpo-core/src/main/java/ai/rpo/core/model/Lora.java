package ai.rpo.core.model;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Low-rank updates of some of a model's projections (arXiv 2106.09685), named as PEFT names them:
 * {@code y = x·Wᵀ + scale·(dropout(x)·Aᵀ)·Bᵀ} with A {@code [rank, in]} and B {@code [out, rank]}.
 *
 * @param rank of projections that {@code ranks} does not name
 * @param alpha of projections that {@code alphas} does not name
 * @param dropout probability with which an element of x is left out of the update in training
 * @param rankStabilized whether the scale is alpha/√rank (arXiv 2312.03732) rather than alpha/rank
 * @param modules names of the projections, such as {@code model.layers.0.self_attn.q_proj}
 * @param parameters names of projections of all experts of a layer at once, such as {@code
 *     model.layers.0.mlp.experts.down_proj}: see {@link ExpertParameter}
 * @param ranks of projections that have another
 * @param alphas of projections that have another
 * @param saved names of embeddings, heads and norms that are trained whole, such as {@code model.embed_tokens}
 * @param dora whether each row of {@code W + scale·B·A} has a magnitude of its own (DoRA, arXiv 2402.09353), which is
 *     trained
 */
public record Lora(
        int rank,
        double alpha,
        double dropout,
        boolean rankStabilized,
        Set<String> modules,
        Set<String> parameters,
        Map<String, Integer> ranks,
        Map<String, Double> alphas,
        Set<String> saved,
        boolean dora) {

    static final String MAGNITUDE = ".lora_magnitude_vector";
    static final String A_WEIGHT = ".lora_A.weight";

    private static final String PREFIX = "base_model.model.";

    public Lora {
        modules = new TreeSet<>(modules);
        parameters = new TreeSet<>(parameters);
        ranks = new TreeMap<>(ranks);
        alphas = new TreeMap<>(alphas);
        saved = new TreeSet<>(saved);
    }

    /** One rank and alpha for all, and nothing trained whole. */
    public Lora(int rank, double alpha, double dropout, boolean rankStabilized, Set<String> modules) {
        this(rank, alpha, dropout, rankStabilized, modules, Set.of(), Map.of(), Map.of(), Set.of(), false);
    }

    public int rank(String module) {
        return ranks.getOrDefault(module, rank);
    }

    /** Gives what a projection's update is multiplied with. */
    public double scale(String module) {
        double over = rankStabilized ? Math.sqrt(rank(module)) : rank(module);
        return alphas.getOrDefault(module, alpha) / over;
    }

    /** The name of a projection's A, without {@code .weight}. */
    public static String a(String module) {
        return PREFIX + module + ".lora_A";
    }

    /** The name of a projection's B, without {@code .weight}. */
    public static String b(String module) {
        return PREFIX + module + ".lora_B";
    }

    /** The name of the A of all experts, without {@code .weight}. */
    public String a(ExpertParameter parameter) {
        return PREFIX + wrapper(parameter) + ".lora_A";
    }

    /** The name of the B of all experts, without {@code .weight}. */
    public String b(ExpertParameter parameter) {
        return PREFIX + wrapper(parameter) + ".lora_B";
    }

    /** Names what PEFT wraps the experts in: where both of their projections are adapted, the first inside the second. */
    private String wrapper(ExpertParameter parameter) {
        String name = parameter.name();
        String module = name.substring(0, name.lastIndexOf('.'));
        boolean inner = name.endsWith(ExpertParameter.INPUT) && parameters.contains(module + ExpertParameter.OUTPUT);
        return inner ? module + ".base_layer" : module;
    }

    /** The name of the magnitudes of a projection's rows. */
    public static String magnitude(String module) {
        return PREFIX + module + MAGNITUDE;
    }

    /** The name, among an adapter's, of a weight that is trained whole. */
    public static String saved(String weight) {
        return PREFIX + weight;
    }

    /** Tells whether a weight is trained whole. */
    public boolean trains(String weight) {
        return saved.contains(weight.replaceFirst("\\.(weight|bias)$", ""));
    }
}
