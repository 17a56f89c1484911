package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;

/**
 * The rotary frequencies that a {@code config.json} asks for, equal to those of transformers but in double precision.
 *
 * <p>The keys are {@code rope_parameters}, or in older files {@code rope_theta} and {@code rope_scaling}.
 */
final class RotaryScaling {

    private static final double DEFAULT_THETA = 10_000;
    private static final String ORIGINAL_LENGTH = "original_max_position_embeddings";
    private static final String PARTIAL = "partial_rotary_factor";

    private static final Set<String> KEYS_OF_ALL = Set.of("rope_type", "type", "rope_theta", PARTIAL);
    private static final Set<String> KEYS_OF_YARN = Set.of(
            "factor",
            ORIGINAL_LENGTH,
            "attention_factor",
            "beta_fast",
            "beta_slow",
            "mscale",
            "mscale_all_dim",
            "truncate");

    private final JsonObject config;
    private final String key;
    private final JsonObject scaling;
    private final int contextLength;
    private final double theta;

    private RotaryScaling(JsonObject config, int contextLength) {
        this.config = config;
        this.contextLength = contextLength;
        key = given(config, "rope_scaling").isPresent() ? "rope_scaling" : "rope_parameters";
        scaling = given(config, key).orElse(config);
        theta = scaling.positive("rope_theta", config.positive("rope_theta", DEFAULT_THETA));
    }

    private static Optional<JsonObject> given(JsonObject config, String key) {
        return config.object(key).filter(object -> !object.keys().isEmpty());
    }

    /** @param contextLength {@code max_position_embeddings} */
    static RotaryFrequencies ofWholeHeads(JsonObject config, int headDim, int contextLength) {
        RotaryScaling rotary = new RotaryScaling(config, contextLength);
        for (JsonObject keys : new JsonObject[] {config, rotary.scaling}) {
            if (keys.positive(PARTIAL, 1) != 1) {
                throw keys.refuse(PARTIAL, "but this family rotates whole heads: it must be 1");
            }
        }
        int originalLength = rotary.originalLength();
        return rotary.frequencies(rotary.type(), rotary.plain(headDim), originalLength);
    }

    /** Phi 3 may rotate a head's first columns only, and has LongRoPE under two older names. */
    static RotaryFrequencies ofPhi3(JsonObject config, int headDim, int contextLength) {
        RotaryScaling rotary = new RotaryScaling(config, contextLength);
        double share = rotary.scaling.positive(PARTIAL, config.positive(PARTIAL, 1));
        int columns = (int) (headDim * share);
        if (share > 1 || columns % 2 != 0) {
            throw rotary.scaling.refuse(PARTIAL, "which rotates " + columns + " of " + headDim + " columns");
        }
        String type = rotary.type();
        boolean stretched = type.equals("su") || type.equals("yarn") || type.equals("longrope");
        if (!stretched && !type.equals("default")) {
            throw rotary.refuseType(type, "default, longrope");
        }
        return rotary.frequencies(
                stretched ? "longrope" : type, rotary.plain(columns), config.positiveInt(ORIGINAL_LENGTH, 4096));
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
                throw config.refuse(
                        key,
                        "whose type \"dynamic\" makes a token's angles depend on the length of the whole row, which "
                                + "prompts shared by two completions cannot honour",
                        "Use a model with another type: " + "default, linear, llama3, yarn, longrope");
            default -> throw refuseType(type, "default, linear, llama3, yarn, longrope");
        };
    }

    /** Keys beside the scaling's type that say nothing of this type, by their whole names; transformers warns of them. */
    static List<String> unusedKeys(JsonObject config) {
        RotaryScaling rotary = new RotaryScaling(config, 1);
        Set<String> used = usedKeys(rotary.type());
        return rotary.scaling == config
                ? List.of()
                : rotary.scaling.keys().stream()
                        .filter(key -> rotary.scaling.has(key) && !KEYS_OF_ALL.contains(key) && !used.contains(key))
                        .map(key -> rotary.key + "." + key)
                        .toList();
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

    private RpoException refuseType(String type, String supported) {
        return config.refuse(
                key, "whose type \"" + type + "\" is not supported", "Use a model with one of these: " + supported);
    }

    private String type() {
        return scaling == config ? "default" : scaling.text("rope_type", scaling.text("type", "default"));
    }

    /** Where the file has the key outside of the scaling too, that one wins, as in transformers. */
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
