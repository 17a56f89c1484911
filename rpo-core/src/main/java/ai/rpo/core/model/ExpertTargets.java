package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** PEFT's {@code target_parameters}: which projections of experts are adapted. */
final class ExpertTargets {

    static final String KEY = "target_parameters";

    private ExpertTargets() {}

    /** Those of a file, of whose names those count that the model has. */
    static Set<String> read(JsonObject file, ModelConfig config) {
        if (file.isEmpty(KEY)) {
            return Set.of();
        }
        List<String> targets = file.texts(KEY);
        List<String> ours = targets.stream()
                .filter(target -> !matching(config, target).isEmpty())
                .toList();
        Set<String> found = named(config, ours.isEmpty() ? targets : ours, AdapterConfig.FILE + "'s " + KEY);
        if (file.has("lora_dropout") && file.number("lora_dropout") > 0) {
            throw file.refuse("lora_dropout", "but updates of " + KEY + " have no dropout", "Set it to 0");
        }
        if (file.flag("use_dora", false)) {
            throw file.refuse("use_dora", "but updates of " + KEY + " have no magnitudes", "Set it to false");
        }
        return found;
    }

    /**
     * The projections of experts that PEFT would choose, in all layers.
     *
     * @param targets whole names, or ends of names from a dot on
     * @param source named in the error
     * @throws RpoException if there is none of a name
     */
    static Set<String> named(ModelConfig config, List<String> targets, String source) {
        Set<String> found = new TreeSet<>();
        for (String target : targets) {
            Set<String> matching = matching(config, target);
            if (matching.isEmpty()) {
                throw RpoException.configuration("Cannot adapt " + target + " of " + source + ": " + why(config));
            }
            found.addAll(matching);
        }
        return found;
    }

    private static String why(ModelConfig config) {
        if (config.architecture().mixture().isEmpty()) {
            return "a " + config.modelType() + " model has no experts. Leave it out.";
        }
        return "experts have no such projection. Choose among mlp.experts" + ExpertParameter.INPUT + " and mlp.experts"
                + ExpertParameter.OUTPUT + ", of all layers, or of one as in layers.0.mlp.experts"
                + ExpertParameter.OUTPUT + ".";
    }

    private static Set<String> matching(ModelConfig config, String target) {
        return all(config)
                .filter(name -> ("." + name).endsWith("." + target))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<String> all(ModelConfig config) {
        return IntStream.range(0, config.layers())
                .boxed()
                .flatMap(layer -> ExpertParameter.of(config, layer).stream())
                .map(ExpertParameter::name);
    }

    /** Targets that choose exactly these: the usual short names, or whole ones where those say too much. */
    static Set<String> shortNames(ModelConfig config, Set<String> parameters) {
        Set<String> last = parameters.stream()
                .map(name -> name.replaceFirst(".*\\.(?=mlp\\.experts\\.)", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        return named(config, List.copyOf(last), AdapterConfig.FILE).equals(parameters) ? last : parameters;
    }
}
