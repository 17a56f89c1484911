package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Tells whether an adapter is trained instead of all weights, and what it is like; the keys of {@code rpo.lora}.
 *
 * @param rank columns between A and B; 0 to train all weights
 * @param alpha numerator of the update's scale
 * @param dropout probability with which an element of a projection's input is left out of its update in training
 * @param targetModules projections by the ends of their names, or {@code all-linear}
 * @param targetParameters projections of all experts of a layer, by the ends of their names in PEFT: {@code
 *     mlp.experts.gate_up_proj}, {@code mlp.experts.down_proj}
 * @param rankStabilized whether the scale is alpha/√rank rather than alpha/rank
 * @param rankPattern ranks of projections whose names end as a regular expression says, in place of {@code rank}
 * @param alphaPattern alphas of such projections, in place of {@code alpha}
 * @param layers whose projections are adapted, counted from 0; empty for all
 * @param modulesToSave embeddings, heads and norms that are trained whole, by the ends of their names
 * @param dora whether each row of an adapted matrix has a magnitude of its own, which is trained (DoRA)
 * @param basePrecision in how many bits the weights under the adapter are kept
 */
public record LoraSettings(
        int rank,
        double alpha,
        double dropout,
        List<String> targetModules,
        List<String> targetParameters,
        boolean rankStabilized,
        Map<String, String> rankPattern,
        Map<String, String> alphaPattern,
        List<String> layers,
        List<String> modulesToSave,
        boolean dora,
        BasePrecision basePrecision) {

    public static final LoraSettings OFF = new LoraSettings(0, 16, 0, List.of(AdapterConfig.ALL), false);

    public LoraSettings {
        targetModules = List.copyOf(targetModules);
        targetParameters = List.copyOf(targetParameters);
        rankPattern = new TreeMap<>(rankPattern);
        alphaPattern = new TreeMap<>(alphaPattern);
        layers = List.copyOf(layers);
        modulesToSave = List.copyOf(modulesToSave);
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
        if (targetModules.isEmpty() && targetParameters.isEmpty()) {
            problems.add("target-modules must name a projection, but is empty");
        }
        if (!targetParameters.isEmpty() && (dora || dropout > 0)) {
            problems.add("target-parameters must be empty where " + (dora ? "dora is true" : "dropout is above 0")
                    + ", but are " + targetParameters);
        }
        if (!targetParameters.isEmpty() && !layers.isEmpty()) {
            problems.add("layers must be null where there are target-parameters, which name layers themselves"
                    + " (layers.0.mlp.experts.down_proj), but are " + layers);
        }
        if (dora && dropout > 0) {
            problems.add("dora must be false where dropout is above 0, but is true");
        }
        rankPattern.forEach((key, value) -> {
            if (!value.matches("[1-9]\\d{0,8}")) {
                problems.add("rank-pattern must have whole numbers above 0, but " + key + " is " + value);
            }
            addUnlessExpression(problems, "rank-pattern", key);
        });
        alphaPattern.forEach((key, value) -> {
            if (!value.matches("\\d+(\\.\\d+)?([eE][+-]?\\d+)?") || !(Double.parseDouble(value) > 0)) {
                problems.add("alpha-pattern must have numbers above 0, but " + key + " is " + value);
            }
            addUnlessExpression(problems, "alpha-pattern", key);
        });
        layers.stream()
                .filter(layer -> !layer.matches("\\d{1,6}"))
                .forEach(layer -> problems.add("layers must be numbers from 0 on, but one is " + layer));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** Makes those of an adapter on weights as they are stored. */
    public LoraSettings(int rank, double alpha, double dropout, List<String> targetModules, boolean rankStabilized) {
        this(rank, alpha, dropout, targetModules, rankStabilized, BasePrecision.AS_STORED);
    }

    /** Makes those of an adapter that is alike everywhere. */
    public LoraSettings(
            int rank,
            double alpha,
            double dropout,
            List<String> targetModules,
            boolean rankStabilized,
            BasePrecision basePrecision) {
        this(
                rank,
                alpha,
                dropout,
                targetModules,
                List.of(),
                rankStabilized,
                Map.of(),
                Map.of(),
                List.of(),
                List.of(),
                false,
                basePrecision);
    }

    /** Starts from the defaults of {@code rpo.lora}. */
    public static LoraSettingsBuilder builder() {
        return new LoraSettingsBuilder();
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
        Lora wanted = of(start.config());
        start.adapter().ifPresent(adapter -> requireSame(wanted, adapter.lora(), start));
        return Optional.of(wanted);
    }

    /**
     * The adapter that these settings put on any model of such a shape; they must be on.
     *
     * @throws RpoException if it has no projection of one of the names
     */
    public Lora of(ModelConfig config) {
        Set<String> modules = AdapterConfig.modules(config, targetModules, "rpo.lora.target-modules");
        if (!layers.isEmpty()) {
            modules = AdapterConfig.inLayers(
                    layers.stream().map(Integer::valueOf).toList(), config, modules, "rpo.lora.layers");
        }
        Set<String> parameters = ExpertTargets.named(config, targetParameters, "rpo.lora.target-parameters");
        Set<String> adapted = AdapterConfig.union(modules, parameters);
        Lora lora = new Lora(
                rank,
                alpha,
                dropout,
                rankStabilized,
                modules,
                parameters,
                LoraPatterns.apply(numbers(rankPattern, Integer::valueOf), adapted),
                LoraPatterns.apply(numbers(alphaPattern, Double::valueOf), adapted),
                AdapterConfig.saved(savedModules(config), config, "rpo.lora.modules-to-save"),
                dora);
        if (dora && config.architecture().names().inputMajor()) {
            throw RpoException.configuration("Cannot train with rpo.lora.dora = true: a " + config.modelType()
                    + " model's weights lie transposed. Set it to false.");
        }
        return lora;
    }

    /** The head of a reward model is no part of the model that was adapted, so it is trained whole. */
    private List<String> savedModules(ModelConfig config) {
        List<String> names = new ArrayList<>(modulesToSave);
        config.reward().ifPresent(head -> names.add(RewardHead.NAME));
        return names;
    }

    private static void addUnlessExpression(List<String> problems, String name, String key) {
        try {
            Pattern.compile(key);
        } catch (PatternSyntaxException e) {
            problems.add(name + " must have regular expressions as names, but one is " + key);
        }
    }

    private static <N> Map<String, N> numbers(Map<String, String> texts, Function<String, N> number) {
        Map<String, N> numbers = new TreeMap<>();
        texts.forEach((key, value) -> numbers.put(key, number.apply(value)));
        return numbers;
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
        if (!sameNumbers(wanted, found)) {
            differences.add("rpo.lora.rank-pattern and alpha-pattern give other projections other numbers than it has");
        }
        if (wanted.dora() != found.dora()) {
            differences.add("rpo.lora.dora is " + wanted.dora() + ", the adapter's " + found.dora());
        }
        if (!wanted.saved().equals(found.saved())) {
            differences.add("rpo.lora.modules-to-save are " + wanted.saved() + ", the adapter's " + found.saved());
        }
        if (!wanted.modules().equals(found.modules())) {
            differences.add(
                    "rpo.lora.target-modules are not the adapter's " + AdapterConfig.shortNames(start.config(), found));
        }
        if (!wanted.parameters().equals(found.parameters())) {
            differences.add(
                    "rpo.lora.target-parameters are " + wanted.parameters() + ", the adapter's " + found.parameters());
        }
        if (!differences.isEmpty()) {
            throw RpoException.configuration("Cannot go on training the adapter in " + start.folder() + ": "
                    + String.join("; ", differences)
                    + ". Set them to the adapter's, or export it with rpo.export.form = full and start from that.");
        }
    }

    private static boolean sameNumbers(Lora wanted, Lora found) {
        return AdapterConfig.union(wanted.modules(), wanted.parameters()).stream()
                .allMatch(module ->
                        wanted.rank(module) == found.rank(module) && wanted.scale(module) == found.scale(module));
    }
}
