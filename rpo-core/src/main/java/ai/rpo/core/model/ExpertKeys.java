package ai.rpo.core.model;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** The keys of {@code config.json} that mixtures of experts share. */
final class ExpertKeys {

    /** Under which transformers and others say how many experts a model has. */
    static final List<String> COUNTS = List.of("num_local_experts", "num_experts", "n_routed_experts");

    static final String ROUTER_LOGITS = "output_router_logits";

    private static final int MOST = 10_000;

    private final JsonObject file;
    private final int experts;
    private final int chosen;

    /**
     * @param experts where the file does not say
     * @param chosen for each token, where the file does not say
     */
    ExpertKeys(JsonObject file, int experts, int chosen) {
        this.file = file;
        String key = COUNTS.stream().filter(file::has).findFirst().orElse(COUNTS.get(0));
        this.experts = file.positiveInt(key, experts);
        this.chosen = file.positiveInt("num_experts_per_tok", chosen);
        if (this.experts > MOST) {
            throw file.refuse(key, "but more than " + MOST + " experts are not supported");
        }
        if (this.chosen > this.experts) {
            throw file.refuse("num_experts_per_tok", "but there are " + this.experts + " experts");
        }
    }

    Architecture.Mixture everywhere(WeightNames.Experts names, int layers, int columns, Architecture.Shares shares) {
        return new Architecture.Mixture(names, Collections.nCopies(layers, true), experts, chosen, columns, shares);
    }

    /** Reads which layers have experts: all, one of so many, or all but some. */
    Architecture.Mixture inSomeLayers(WeightNames.Experts names, int layers, int columns, Architecture.Shares shares) {
        int step = file.positiveInt("decoder_sparse_step", 1);
        Set<Integer> without = Set.copyOf(file.ids("mlp_only_layers", List.of()));
        List<Boolean> with = IntStream.range(0, layers)
                .mapToObj(layer -> (layer + 1) % step == 0 && !without.contains(layer))
                .toList();
        return new Architecture.Mixture(names, with, experts, chosen, columns, shares);
    }

    /**
     * Reads them from a key that says whether the shares of a token add up to 1; in transformers they do not where it
     * is missing.
     */
    Architecture.Shares shares(String key) {
        return file.flag(key, false) ? Architecture.Shares.OF_CHOSEN : Architecture.Shares.OF_ALL;
    }
}
