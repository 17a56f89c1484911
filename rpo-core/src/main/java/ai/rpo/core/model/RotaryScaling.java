package ai.rpo.core.model;

import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * The rotary frequencies that a {@code config.json} asks for, equal to those of transformers but in double precision.
 *
 * <p>The keys are {@code rope_parameters}, or in older files {@code rope_theta} and {@code rope_scaling}.
 */
final class RotaryScaling {

    private static final double DEFAULT_THETA = 10_000;

    private RotaryScaling() {}

    /** @param contextLength {@code max_position_embeddings} */
    static RotaryFrequencies frequencies(JsonObject config, int headDim, int contextLength) {
        String key =
                config.object("rope_scaling").filter(o -> !o.keys().isEmpty()).isPresent()
                        ? "rope_scaling"
                        : "rope_parameters";
        Optional<JsonObject> given = config.object(key).filter(o -> !o.keys().isEmpty());
        JsonObject scaling = given.orElse(config);
        double theta = scaling.positive("rope_theta", config.positive("rope_theta", DEFAULT_THETA));
        String type = given.map(RotaryScaling::type).orElse("default");
        refusePartial(config);
        given.ifPresent(RotaryScaling::refusePartial);
        double[] plain = plain(theta, headDim);
        return switch (type) {
            case "default" -> new RotaryFrequencies(plain, 1);
            case "linear" -> {
                double factor = scaling.positive("factor");
                yield new RotaryFrequencies(map(plain, f -> f / factor), 1);
            }
            case "llama3" -> llama3(plain, scaling, originalLength(config, scaling, contextLength));
            case "yarn" -> yarn(plain, theta, scaling, originalLength(config, scaling, contextLength), contextLength);
            case "dynamic" ->
                throw config.refuse(
                        key,
                        "whose type \"dynamic\" makes a token's angles depend on the length of the whole row, which "
                                + "prompts shared by two completions cannot honour. Use a model with another type: "
                                + "default, linear, llama3 or yarn");
            default ->
                throw config.refuse(
                        key,
                        "whose type \"" + type + "\" is not supported. Use a model with one of these: default, "
                                + "linear, llama3, yarn");
        };
    }

    private static String type(JsonObject scaling) {
        return scaling.text("rope_type", scaling.text("type", "default"));
    }

    /** Where the file has the key outside of the scaling too, that one wins, as in transformers. */
    private static int originalLength(JsonObject config, JsonObject scaling, int contextLength) {
        String key = "original_max_position_embeddings";
        return config.positiveInt(key, scaling.positiveInt(key, contextLength));
    }

    private static void refusePartial(JsonObject parameters) {
        if (parameters.positive("partial_rotary_factor", 1) != 1) {
            throw parameters.refuse("partial_rotary_factor", "but this family rotates whole heads: it must be 1");
        }
    }

    private static double[] plain(double theta, int headDim) {
        double[] inverse = new double[headDim / 2];
        for (int i = 0; i < inverse.length; i++) {
            inverse[i] = Math.pow(theta, -2.0 * i / headDim);
        }
        return inverse;
    }

    /**
     * Llama 3.1: wavelengths that fit the original context often stay, those that do not are divided by the factor,
     * between the two the frequencies are blended.
     */
    private static RotaryFrequencies llama3(double[] plain, JsonObject scaling, int originalLength) {
        double factor = scaling.positive("factor");
        double low = scaling.positive("low_freq_factor");
        double high = scaling.positive("high_freq_factor");
        if (high <= low) {
            throw scaling.refuse("high_freq_factor", "but must be above low_freq_factor, which is " + low);
        }
        return new RotaryFrequencies(
                map(plain, f -> {
                    double turns = originalLength * f / (2 * Math.PI);
                    double keep = Math.min(1, Math.max(0, (turns - low) / (high - low)));
                    return (1 - keep) * f / factor + keep * f;
                }),
                1);
    }

    /** YaRN, arXiv 2309.00071: like {@link #llama3}, but blended along the columns, and attention is made sharper. */
    private static RotaryFrequencies yarn(
            double[] plain, double theta, JsonObject scaling, int originalLength, int contextLength) {
        double factor = scaling.positive("factor", (double) contextLength / originalLength);
        double fast = scaling.positive("beta_fast", 32);
        double slow = scaling.positive("beta_slow", 1);
        int headDim = 2 * plain.length;
        DoubleUnaryOperator columnOfTurns =
                turns -> headDim * Math.log(originalLength / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
        double first = columnOfTurns.applyAsDouble(fast);
        double last = columnOfTurns.applyAsDouble(slow);
        if (scaling.flag("truncate", true)) {
            first = Math.floor(first);
            last = Math.ceil(last);
        }
        first = Math.max(first, 0);
        last = Math.min(last, headDim - 1);
        double width = first == last ? 0.001 : last - first;
        double[] inverse = new double[plain.length];
        for (int i = 0; i < inverse.length; i++) {
            double interpolate = Math.min(1, Math.max(0, (i - first) / width));
            inverse[i] = plain[i] / factor * interpolate + plain[i] * (1 - interpolate);
        }
        return new RotaryFrequencies(inverse, yarnAttentionFactor(scaling, factor));
    }

    private static double yarnAttentionFactor(JsonObject scaling, double factor) {
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

    private static double[] map(double[] values, DoubleUnaryOperator operator) {
        double[] mapped = new double[values.length];
        for (int i = 0; i < mapped.length; i++) {
            mapped[i] = operator.applyAsDouble(values[i]);
        }
        return mapped;
    }
}
