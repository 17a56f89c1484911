package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;

/**
 * The rotary frequencies that a {@code config.json} asks for, equal to those of transformers but in double precision.
 *
 * <p>The keys are {@code rope_parameters}, or in older files {@code rope_theta} and {@code rope_scaling}.
 */
final class RotaryScaling {

    static final double DEFAULT_THETA = 10_000;

    private static final String ORIGINAL_LENGTH = "original_max_position_embeddings";
    private static final String PARTIAL = "partial_rotary_factor";
    private static final String THETA = "rope_theta";
    private static final String BY_LAYER_TYPE = "rope_parameters";

    private static final Set<String> KEYS_OF_ALL = Set.of("rope_type", "type", THETA, PARTIAL);
    private static final Set<String> KEYS_OF_YARN = Set.of(
            "factor",
            ORIGINAL_LENGTH,
            "attention_factor",
            "beta_fast",
            "beta_slow",
            "mscale",
            "mscale_all_dim",
            "truncate");
    private static final List<String> NAMES = List.of("linear", "llama3", "yarn", "longrope");

    /** Names what published models say beside the rest, and nobody reads, transformers neither. */
    private static final Set<String> WITHOUT_EFFECT = Set.of("finetuned", "attn_factor");

    private static final String TYPES = "default, linear, llama3, yarn, longrope";
    private static final JsonObject NOTHING = JsonObject.parse("{}", "config.json");

    private final JsonObject config;
    private final JsonObject scaling;
    private final int contextLength;
    private final double theta;

    private RotaryScaling(JsonObject config, JsonObject scaling, int contextLength, double thetaOtherwise) {
        this.config = config;
        this.scaling = scaling;
        this.contextLength = contextLength;
        theta = scaling.positive(THETA, thetaOtherwise);
    }

    /** Gives what the file says of the scaling, if it does. */
    static Optional<JsonObject> given(JsonObject config) {
        return Stream.of("rope_scaling", "rope_parameters")
                .flatMap(key -> given(config, key).stream())
                .findFirst();
    }

    private static Optional<JsonObject> given(JsonObject config, String key) {
        return config.object(key).filter(object -> !object.keys().isEmpty());
    }

    /**
     * @param contextLength {@code max_position_embeddings}
     * @param thetaOtherwise the base where the file has none
     */
    static RotaryFrequencies ofWholeHeads(JsonObject config, int headDim, int contextLength, double thetaOtherwise) {
        return ofWholeHeads(config, given(config).orElse(NOTHING), headDim, contextLength, thetaOtherwise);
    }

    /** @param scaling what counts as the file's {@code rope_parameters} */
    static RotaryFrequencies ofWholeHeads(
            JsonObject config, JsonObject scaling, int headDim, int contextLength, double thetaOtherwise) {
        for (JsonObject keys : new JsonObject[] {config, scaling}) {
            if (keys.positive(PARTIAL, 1) != 1) {
                throw keys.refuse(PARTIAL, "but this family rotates whole heads: it must be 1");
            }
        }
        double theta = config.positive(THETA, thetaOtherwise);
        return new RotaryScaling(config, scaling, contextLength, theta).frequencies(headDim);
    }

    /**
     * Reads those of layers whose {@code rope_parameters} stand under their type's name; {@code rope_scaling} of older
     * files is that of layers with full attention.
     */
    static RotaryFrequencies ofLayerType(
            JsonObject config, String type, int headDim, int contextLength, double thetaOtherwise) {
        JsonObject scaling = given(config, BY_LAYER_TYPE)
                .flatMap(types -> types.object(type))
                .or(() -> type.equals(SharedKeys.FULL) ? given(config, "rope_scaling") : Optional.empty())
                .orElse(NOTHING);
        return new RotaryScaling(config, scaling, contextLength, thetaOtherwise).frequencies(headDim);
    }

    /** Reads those of a head's first columns. */
    static RotaryFrequencies ofPartsOfHeads(JsonObject config, int headDim, int contextLength, double shareOtherwise) {
        return ofPartsOfHeads(config, headDim, contextLength, THETA, PARTIAL, shareOtherwise);
    }

    /** GPT-NeoX has names of its own. */
    static RotaryFrequencies ofGptNeoX(JsonObject config, int headDim, int contextLength) {
        return ofPartsOfHeads(config, headDim, contextLength, "rotary_emb_base", "rotary_pct", 0.25);
    }

    private static RotaryFrequencies ofPartsOfHeads(
            JsonObject config,
            int headDim,
            int contextLength,
            String thetaKey,
            String shareKey,
            double shareOtherwise) {
        JsonObject scaling = given(config).orElse(NOTHING);
        int columns = columns(config, scaling, headDim, shareKey, shareOtherwise);
        double theta = config.positive(thetaKey, DEFAULT_THETA);
        return new RotaryScaling(config, scaling, contextLength, theta).frequencies(columns);
    }

    private static int columns(
            JsonObject config, JsonObject scaling, int headDim, String shareKey, double shareOtherwise) {
        double share = scaling.positive(PARTIAL, config.positive(shareKey, shareOtherwise));
        int columns = (int) (headDim * share);
        if (share > 1 || columns % 2 != 0) {
            String why = "which rotates " + columns + " of " + headDim + " columns";
            throw scaling.has(PARTIAL) ? scaling.refuse(PARTIAL, why) : config.refuse(shareKey, why);
        }
        return columns;
    }

    /** Phi 3 may rotate a head's first columns only, and has LongRoPE under two older names. */
    static RotaryFrequencies ofPhi3(JsonObject config, int headDim, int contextLength) {
        JsonObject scaling = given(config).orElse(NOTHING);
        int columns = columns(config, scaling, headDim, PARTIAL, 1);
        double theta = config.positive(THETA, DEFAULT_THETA);
        RotaryScaling rotary = new RotaryScaling(config, scaling, contextLength, theta);
        String type = rotary.type();
        boolean stretched = type.equals("su") || type.equals("yarn") || type.equals("longrope");
        if (!stretched && !type.equals("default")) {
            throw rotary.refuseType("default, longrope");
        }
        return rotary.frequencies(
                stretched ? "longrope" : type, rotary.plain(columns), config.positiveInt(ORIGINAL_LENGTH, 4096));
    }

    private RotaryFrequencies frequencies(int columns) {
        return frequencies(type(), plain(columns), originalLength());
    }

    private RotaryFrequencies frequencies(String type, double[] plain, int originalLength) {
        return switch (type) {
            case "default" -> new RotaryFrequencies(plain, 1);
            case "linear" -> {
                double factor = scaling.positive("factor");
                yield new RotaryFrequencies(map(plain, f -> f / factor), 1);
            }
            case "llama3" -> llama3(plain, originalLength);
            case "yarn" -> yarn(plain, originalLength);
            case "longrope" -> longRope(plain, originalLength);
            case "dynamic" ->
                throw scaling.refuse(
                        typeKey(),
                        "which makes a token's angles depend on the length of the whole row, and prompts shared by two "
                                + "completions cannot honour that",
                        "Use a model with another type: " + TYPES);
            default -> throw refuseType(TYPES);
        };
    }

    /**
     * Keys beside the scaling's type that say nothing of this type, by their whole names; transformers warns of them.
     */
    static List<String> unusedKeys(JsonObject config) {
        JsonObject scaling = given(config).orElse(NOTHING);
        Set<String> ofFamily = Family.named(config.text("model_type", ""))
                .map(Family::ownRotaryKeys)
                .orElse(Set.of());
        List<String> unused = new ArrayList<>();
        for (String key : scaling.keys()) {
            if (ofFamily.contains(key) && scaling.isObject(key)) {
                unused.addAll(unusedKeys(scaling.object(key).orElseThrow(), Set.of()));
            }
        }
        unused.addAll(unusedKeys(scaling, ofFamily));
        return unused;
    }

    private static List<String> unusedKeys(JsonObject scaling, Set<String> ofFamily) {
        Set<String> used = usedKeys(type(scaling));
        return scaling.keys().stream()
                .filter(scaling::has)
                .filter(key -> !KEYS_OF_ALL.contains(key) && !used.contains(key) && !ofFamily.contains(key))
                .map(scaling::fullName)
                .toList();
    }

    /**
     * Looks for keys that no type of scaling has.
     *
     * @throws RpoException naming the first: it may turn heads in a way of its own
     */
    static void requireKnownKeys(JsonObject config) {
        Set<String> ofFamily = Family.named(config.text("model_type", ""))
                .map(Family::ownRotaryKeys)
                .orElse(Set.of());
        for (String place : new String[] {"rope_scaling", "rope_parameters"}) {
            given(config, place).ifPresent(scaling -> requireKnownKeys(scaling, ofFamily));
        }
    }

    private static void requireKnownKeys(JsonObject scaling, Set<String> ofFamily) {
        for (String key : scaling.keys()) {
            if (ofFamily.contains(key) && scaling.isObject(key)) {
                requireKnownKeys(scaling.object(key).orElseThrow(), Set.of());
            } else if (scaling.has(key) && !isKnown(key) && !ofFamily.contains(key)) {
                throw scaling.refuse(
                        key,
                        "but no type of scaling has such a key, so nobody knows what it changes",
                        "Take it out if it changes nothing, or use another model");
            }
        }
    }

    private static boolean isKnown(String key) {
        return KEYS_OF_ALL.contains(key)
                || WITHOUT_EFFECT.contains(key)
                || NAMES.stream().anyMatch(type -> usedKeys(type).contains(key));
    }

    private static Set<String> usedKeys(String type) {
        return switch (type) {
            case "linear" -> Set.of("factor");
            case "llama3" -> Set.of("factor", ORIGINAL_LENGTH, "low_freq_factor", "high_freq_factor");
            case "yarn" -> KEYS_OF_YARN;
            case "longrope", "su" ->
                Set.of("factor", ORIGINAL_LENGTH, "attention_factor", "short_factor", "long_factor");
            default -> Set.of();
        };
    }

    private RpoException refuseType(String supported) {
        return scaling.refuse(typeKey(), "which is not supported", "Use a model with one of these: " + supported);
    }

    private String typeKey() {
        return scaling.has("rope_type") ? "rope_type" : "type";
    }

    private String type() {
        return type(scaling);
    }

    private static String type(JsonObject scaling) {
        return scaling.text("rope_type", scaling.text("type", "default"));
    }

    /** Reads the length: where the file has the key outside of the scaling too, that one wins, as in transformers. */
    private int originalLength() {
        return config.positiveInt(ORIGINAL_LENGTH, scaling.positiveInt(ORIGINAL_LENGTH, contextLength));
    }

    private double[] plain(int columns) {
        double[] inverse = new double[columns / 2];
        for (int i = 0; i < inverse.length; i++) {
            inverse[i] = Math.pow(theta, -2.0 * i / columns);
        }
        return inverse;
    }

    /**
     * Llama 3.1: wavelengths that fit the original context often stay, those that do not are divided by the factor,
     * between the two the frequencies are blended.
     */
    private RotaryFrequencies llama3(double[] plain, int originalLength) {
        double factor = scaling.positive("factor");
        double low = scaling.positive("low_freq_factor");
        double high = scaling.positive("high_freq_factor");
        if (high <= low) {
            throw scaling.refuse("high_freq_factor", "but must be above low_freq_factor, which is " + low);
        }
        double[] inverse = map(plain, f -> {
            double turns = originalLength * f / (2 * Math.PI);
            double keep = Math.min(1, Math.max(0, (turns - low) / (high - low)));
            return (1 - keep) * f / factor + keep * f;
        });
        return new RotaryFrequencies(inverse, 1);
    }

    /** YaRN, arXiv 2309.00071: like {@link #llama3}, but blended along the columns, and attention is made sharper. */
    private RotaryFrequencies yarn(double[] plain, int originalLength) {
        double factor = scaling.positive("factor", (double) contextLength / originalLength);
        int columns = 2 * plain.length;
        DoubleUnaryOperator columnOfTurns =
                turns -> columns * Math.log(originalLength / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
        double first = columnOfTurns.applyAsDouble(scaling.positive("beta_fast", 32));
        double last = columnOfTurns.applyAsDouble(scaling.positive("beta_slow", 1));
        if (scaling.flag("truncate", true)) {
            first = Math.floor(first);
            last = Math.ceil(last);
        }
        first = Math.max(first, 0);
        last = Math.min(last, columns - 1);
        double width = first == last ? 0.001 : last - first;
        double[] inverse = new double[plain.length];
        for (int i = 0; i < inverse.length; i++) {
            double interpolate = Math.min(1, Math.max(0, (i - first) / width));
            inverse[i] = plain[i] / factor * interpolate + plain[i] * (1 - interpolate);
        }
        return new RotaryFrequencies(inverse, yarnAttentionFactor(factor));
    }

    private double yarnAttentionFactor(double factor) {
        if (scaling.has("attention_factor")) {
            return scaling.positive("attention_factor");
        }
        if (scaling.has("mscale") && scaling.has("mscale_all_dim")) {
            return magnitude(factor, scaling.positive("mscale"))
                    / magnitude(factor, scaling.positive("mscale_all_dim"));
        }
        return magnitude(factor, 1);
    }

    private static double magnitude(double factor, double scale) {
        return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }

    /** LongRoPE, arXiv 2402.13753: one divisor a frequency, other ones beyond the original length. */
    private RotaryFrequencies longRope(double[] plain, int originalLength) {
        double factor = scaling.positive("factor", (double) contextLength / originalLength);
        double fromLengths = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalLength));
        double[] shortFactors = scaling.positives("short_factor", plain.length);
        double[] longFactors = scaling.positives("long_factor", plain.length);
        double[] inverse = new double[plain.length];
        double[] longInverse = new double[plain.length];
        for (int i = 0; i < plain.length; i++) {
            inverse[i] = plain[i] / shortFactors[i];
            longInverse[i] = plain[i] / longFactors[i];
        }
        return new RotaryFrequencies(
                inverse, scaling.positive("attention_factor", fromLengths), longInverse, originalLength);
    }

    private static double[] map(double[] values, DoubleUnaryOperator operator) {
        double[] mapped = new double[values.length];
        for (int i = 0; i < mapped.length; i++) {
            mapped[i] = operator.applyAsDouble(values[i]);
        }
        return mapped;
    }
}
