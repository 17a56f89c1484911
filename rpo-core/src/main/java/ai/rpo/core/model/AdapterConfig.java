package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** PEFT's {@code adapter_config.json}: what it says of a {@link Lora}, both ways. */
public final class AdapterConfig {

    static final String FILE = "adapter_config.json";
    static final String BASE = "base_model_name_or_path";
    static final String ALL = "all-linear";

    /** Keeps a head that is its model's embedding one with it where they are trained; else PEFT parts the two. */
    private static final String TYING = "ensure_weight_tying";

    /** Names what other families call the head of a classifier: PEFT names both, whichever a model has. */
    private static final String OTHER_CLASSIFIER = "classifier";

    /** Names what changes the arithmetic or the weights, and is not supported. */
    private static final List<String> UNSUPPORTED = List.of(
            "lora_bias",
            "exclude_modules",
            "trainable_token_indices",
            "layer_replication",
            "use_qalora",
            "alora_invocation_tokens",
            "arrow_config",
            "use_bdlora",
            "kasa_config",
            "monteclora_config");

    /** Beginnings of the model's weights that leave them as they are; all others make of them something else. */
    private static final Set<String> INITIALISATIONS = Set.of("gaussian", "eva", "orthogonal", "mica");

    /** Names what PEFT writes and neither {@link #UNSUPPORTED} nor {@link #parse} minds: it changes no number. */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            BASE,
            "task_type",
            "inference_mode",
            "auto_mapping",
            "revision",
            "peft_version",
            "fan_in_fan_out",
            "layers_pattern",
            "loftq_config",
            "eva_config",
            "corda_config",
            "lora_ga_config",
            "velora_config",
            "qalora_group_size",
            "megatron_config",
            "megatron_core",
            "runtime_config",
            "merge_weights",
            "enable_lora");

    private static final Set<String> READ = Set.of(
            "peft_type",
            "bias",
            "r",
            "lora_alpha",
            "lora_dropout",
            "use_rslora",
            "target_modules",
            ExpertTargets.KEY,
            "use_dora",
            "rank_pattern",
            "alpha_pattern",
            "layers_to_transform",
            "modules_to_save",
            TYING,
            "init_lora_weights");

    static final String MERGE = "Merge the adapter into its model in PEFT, and use that";

    private AdapterConfig() {}

    /**
     * @param text of the file
     * @param config of the model that is adapted
     */
    public static Lora parse(String text, ModelConfig config) {
        return parse(JsonObject.parse(text, FILE), config);
    }

    static Lora parse(JsonObject file, ModelConfig config) {
        if (!file.text("peft_type", "").equals("LORA")) {
            throw file.refuse("peft_type", "but only LORA is supported", MERGE);
        }
        if (!file.text("bias", "none").equals("none")) {
            throw file.refuse("bias", "but only none is supported", MERGE);
        }
        for (String key : UNSUPPORTED) {
            if (!file.isEmpty(key)) {
                throw file.refuse(key, "but that is not supported", MERGE);
            }
        }
        requireUnchangedModel(file);
        double dropout = file.has("lora_dropout") ? file.number("lora_dropout") : 0;
        if (!(dropout >= 0 && dropout < 1)) {
            throw file.refuse("lora_dropout", "but must be at least 0 and below 1");
        }
        Set<String> parameters = ExpertTargets.read(file, config);
        Set<String> modules = file.isEmpty("target_modules") && !parameters.isEmpty()
                ? Set.of()
                : inLayers(file, config, modules(file, config));
        Set<String> adapted = union(modules, parameters);
        return new Lora(
                file.positiveInt("r", 8),
                file.positive("lora_alpha", 8),
                dropout,
                file.flag("use_rslora", false),
                modules,
                parameters,
                pattern(file, "rank_pattern", JsonObject::positiveInt, adapted),
                pattern(file, "alpha_pattern", JsonObject::positive, adapted),
                saved(file, config),
                file.flag("use_dora", false));
    }

    static Set<String> union(Set<String> some, Set<String> others) {
        Set<String> all = new TreeSet<>(some);
        all.addAll(others);
        return all;
    }

    private static <N> Map<String, N> pattern(
            JsonObject file, String key, BiFunction<JsonObject, String, N> number, Set<String> modules) {
        Map<String, N> patterns = new LinkedHashMap<>(); // of several that fit, the first counts
        file.object(key).ifPresent(object -> object.keys()
                .forEach(pattern -> patterns.put(pattern, number.apply(object, pattern))));
        try {
            return LoraPatterns.apply(patterns, modules);
        } catch (PatternSyntaxException e) {
            throw file.refuse(key, "in which " + e.getPattern() + " is not a regular expression");
        }
    }

    /** Chooses as PEFT does: those of these layers among the target modules that are named. */
    private static Set<String> inLayers(JsonObject file, ModelConfig config, Set<String> modules) {
        String key = "layers_to_transform";
        if (file.isEmpty(key)) {
            return modules;
        }
        if (file.isText("target_modules") && !file.text("target_modules", "").equals(ALL)) {
            throw file.refuse(key, "but target_modules is a regular expression, which says which layers itself");
        }
        return inLayers(file.ids(key, List.of()), config, modules, FILE + "'s " + key);
    }

    /** @throws RpoException if there are none in these layers */
    static Set<String> inLayers(List<Integer> layers, ModelConfig config, Set<String> modules, String source) {
        Set<String> chosen = modules.stream()
                .filter(module -> layers.contains(LoraPatterns.layer(module)))
                .collect(Collectors.toCollection(TreeSet::new));
        if (chosen.isEmpty()) {
            throw RpoException.configuration("Cannot adapt layers " + layers + " of " + source
                    + ": no projection that is to be adapted is in one of them. The model has layers 0 to "
                    + (config.layers() - 1) + ".");
        }
        return chosen;
    }

    private static Set<String> saved(JsonObject file, ModelConfig config) {
        String key = "modules_to_save";
        return file.isEmpty(key)
                ? Set.of()
                : saved(file.texts(key), config, file.flag(TYING, false), FILE + "'s " + key);
    }

    /**
     * Modules that are trained whole: embeddings, the head, norms, by the ends of their names.
     *
     * @param tying whether a head that is the embedding stays so
     * @throws RpoException if there is none of a name, or it is another kind of module
     */
    static Set<String> saved(List<String> names, ModelConfig config, boolean tying, String source) {
        Set<String> all = ParameterLayout.of(config).entries().stream()
                .map(entry -> entry.name().replaceFirst("\\.(weight|bias)$", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        WeightNames weights = config.architecture().names();
        Set<String> tables = Set.of(weights.embedding(), weights.head());
        Set<String> found = new TreeSet<>();
        for (String name : names) {
            Set<String> matching =
                    all.stream().filter(module -> module.endsWith(name)).collect(Collectors.toCollection(TreeSet::new));
            if (config.tiedHead() && tables.stream().anyMatch(table -> table.endsWith(name))) {
                if (!tying) {
                    throw RpoException.configuration("Cannot train " + name + " of " + source
                            + ": this model's head is its embedding, and PEFT parts them where " + TYING
                            + " is not true. " + MERGE + ".");
                }
                found.add(weights.embedding());
                continue;
            }
            if (matching.isEmpty() && config.reward().isPresent() && name.equals(OTHER_CLASSIFIER)) {
                continue;
            }
            if (matching.isEmpty()) {
                throw RpoException.configuration("Cannot train " + name + " of " + source + ": a " + config.modelType()
                        + " model has no such module. Name its embedding (" + weights.embedding() + "), its head ("
                        + weights.head() + ") or norms.");
            }
            matching.stream()
                    .filter(module -> !tables.contains(module) && !isNorm(module, config))
                    .findFirst()
                    .ifPresent(module -> {
                        throw RpoException.configuration("Cannot train " + module + " of " + source
                                + ": only embeddings, heads and norms are trained whole. Adapt it, or leave it out.");
                    });
            found.addAll(matching);
        }
        return found;
    }

    /** Tells whether an adapter trains the one matrix that is a model's embedding and its head. */
    static boolean trainsTied(ModelConfig config, Lora lora) {
        return config.tiedHead()
                && lora.saved().contains(config.architecture().names().embedding());
    }

    private static boolean isNorm(String module, ModelConfig config) {
        ParameterLayout layout = ParameterLayout.of(config);
        String weight = module + ".weight";
        return layout.contains(weight) && layout.get(weight).vector();
    }

    /** PiSSA and its like train what they take out of the model: the adapter belongs to what is left of it. */
    private static void requireUnchangedModel(JsonObject file) {
        String key = "init_lora_weights";
        if (file.isText(key) && !INITIALISATIONS.contains(file.text(key, "").toLowerCase(Locale.ROOT))) {
            throw file.refuse(
                    key,
                    "which changes the model's own weights before training",
                    "Save the adapter in PEFT with path_initial_model_for_weight_conversion, or merge it into its model"
                            + " there, and use that");
        }
    }

    /** Keys that say something, of which nobody here knows what. */
    static List<String> unknownKeys(JsonObject file) {
        return file.keys().stream()
                .filter(key -> !file.isEmpty(key)
                        && !UNSUPPORTED.contains(key)
                        && !READ.contains(key)
                        && !WITHOUT_EFFECT.contains(key))
                .toList();
    }

    private static Set<String> modules(JsonObject file, ModelConfig config) {
        String key = "target_modules";
        if (!file.isText(key)) {
            return namedModules(file, key, config);
        }
        String text = file.text(key, "");
        if (text.equals(ALL)) {
            return modules(config, List.of(ALL), key);
        }
        try {
            Set<String> found = matching(config, Pattern.compile(text).asMatchPredicate());
            if (found.isEmpty()) {
                throw file.refuse(key, "which matches none of the model's projections");
            }
            return found;
        } catch (PatternSyntaxException e) {
            throw file.refuse(key, "which is not a regular expression");
        }
    }

    /** Chooses as PEFT does: of many names that are in use with other families those count that are the model's. */
    private static Set<String> namedModules(JsonObject file, String key, ModelConfig config) {
        List<String> targets = file.texts(key);
        WeightNames names = config.architecture().names();
        for (String outer : new String[] {names.embedding(), names.head()}) {
            if (targets.stream().anyMatch(target -> ("." + outer).endsWith("." + target))) {
                throw file.refuse(key, "of which " + outer + " cannot be adapted here", MERGE);
            }
        }
        targets.forEach(target -> refuseExperts(config, target, FILE + "'s " + key));
        List<String> ours = targets.stream()
                .filter(target ->
                        target.equals(ALL) || !matching(config, target).isEmpty())
                .toList();
        return modules(config, ours.isEmpty() ? targets : ours, FILE + "'s " + key);
    }

    /**
     * The projections that PEFT would choose.
     *
     * @param targets whole names, or ends of names from a dot on; or {@code all-linear} alone
     * @param source named in the error
     * @throws RpoException if there is none of a name
     */
    static Set<String> modules(ModelConfig config, List<String> targets, String source) {
        if (targets.equals(List.of(ALL))) {
            return matching(config, module -> true);
        }
        Set<String> found = new TreeSet<>();
        for (String target : targets) {
            refuseExperts(config, target, source);
            Set<String> matching = matching(config, target);
            if (matching.isEmpty()) {
                throw RpoException.configuration("Cannot adapt " + target + " of " + source + ": a "
                        + config.modelType() + " model has no such projection. Choose among "
                        + String.join(", ", lastNames(matching(config, module -> true))) + ", or " + ALL + ".");
            }
            found.addAll(matching);
        }
        return found;
    }

    private static void refuseExperts(ModelConfig config, String target, String source) {
        String last = target.substring(target.lastIndexOf('.') + 1);
        config.architecture().mixture().map(Architecture.Mixture::names).ifPresent(names -> {
            if (names.router().endsWith("." + last)
                    || names.input().contains(last)
                    || names.output().equals(last)) {
                throw RpoException.configuration("Cannot adapt " + target + " of " + source
                        + ": experts are adapted by target parameters (mlp.experts" + ExpertParameter.INPUT
                        + ", mlp.experts" + ExpertParameter.OUTPUT + "), and their router is not. Choose among "
                        + String.join(", ", lastNames(matching(config, module -> true))) + ".");
            }
        });
    }

    private static Set<String> matching(ModelConfig config, String target) {
        return matching(config, module -> ("." + module).endsWith("." + target));
    }

    private static Set<String> matching(ModelConfig config, Predicate<String> wanted) {
        return projections(config).filter(wanted).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<String> projections(ModelConfig config) {
        return IntStream.range(0, config.layers())
                .boxed()
                .flatMap(layer -> config.architecture().projections(layer).stream())
                .flatMap(List::stream);
    }

    private static Set<String> lastNames(Set<String> modules) {
        return modules.stream()
                .map(module -> module.substring(module.lastIndexOf('.') + 1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * Target modules that choose exactly the adapter's: the usual short names, or whole ones where those say too much.
     */
    static Set<String> shortNames(ModelConfig config, Lora lora) {
        Set<String> last = lastNames(lora.modules());
        boolean exact = modules(config, List.copyOf(last), FILE).equals(lora.modules());
        return exact ? last : lora.modules();
    }

    /** @param base where PEFT is to find the model that is adapted */
    public static String text(ModelConfig config, Lora lora, String base) {
        ObjectNode file = JsonObject.MAPPER
                .createObjectNode()
                .put("peft_type", "LORA")
                .put("task_type", config.reward().isPresent() ? "SEQ_CLS" : "CAUSAL_LM")
                .put(BASE, base)
                .put("r", lora.rank());
        if (lora.alpha() == Math.rint(lora.alpha())) {
            file.put("lora_alpha", (long) lora.alpha());
        } else {
            file.put("lora_alpha", lora.alpha());
        }
        file.put("lora_dropout", lora.dropout())
                .put("use_rslora", lora.rankStabilized())
                .put("use_dora", lora.dora())
                .put("bias", "none")
                .put("fan_in_fan_out", config.architecture().names().inputMajor())
                .put("inference_mode", true);
        ArrayNode modules = file.putArray("target_modules");
        shortNames(config, lora).forEach(modules::add);
        if (!lora.parameters().isEmpty()) {
            ArrayNode parameters = file.putArray(ExpertTargets.KEY);
            ExpertTargets.shortNames(config, lora.parameters()).forEach(parameters::add);
        }
        if (!lora.ranks().isEmpty()) {
            ObjectNode ranks = file.putObject("rank_pattern");
            lora.ranks().forEach(ranks::put);
        }
        if (!lora.alphas().isEmpty()) {
            ObjectNode alphas = file.putObject("alpha_pattern");
            lora.alphas().forEach(alphas::put);
        }
        if (!lora.saved().isEmpty()) {
            ArrayNode saved = file.putArray("modules_to_save");
            lora.saved().forEach(saved::add);
            if (trainsTied(config, lora)) {
                file.put(TYING, true);
            }
        }
        return file.toPrettyString() + "\n";
    }
}
