package ai.rpo.core.model;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Collectors;

/**
 * Reads a Hugging Face {@code config.json}; keys that it lacks have the defaults of transformers.
 *
 * <p>What would change the model's arithmetic and is not supported is refused by name rather than ignored.
 */
public final class ModelConfigParser {

    private static final int SMALLEST_PREFIX = 2;

    private ModelConfigParser() {}

    /**
     * @throws ai.rpo.core.RpoException naming file, key and value where the model cannot be used
     */
    public static ModelConfig read(Path file) {
        return parse(JsonObject.read(file));
    }

    /**
     * Reads a text, and the head of a reward model where it says that the model has one.
     *
     * @param file named in errors
     */
    public static ModelConfig parse(String json, String file) {
        JsonObject config = JsonObject.parse(json, file);
        ModelConfig decoder = parse(config);
        return RewardHead.isSaidBy(config) ? decoder.with(RewardHead.read(config)) : decoder;
    }

    static ModelConfig parse(JsonObject config) {
        BitsAndBytes.in(config); // refuses other kinds
        String modelType = config.text("model_type", "");
        Family family = Family.named(modelType)
                .orElseThrow(() -> config.refuse(
                        "model_type", "which is not supported. " + nearest(modelType) + "Supported: " + supported()));
        if (!family.hasExperts()) {
            refuseExperts(config);
        }
        RotaryScaling.requireKnownKeys(config);
        return family.read(config);
    }

    /** Finds the nearest one by the beginning of the name, which is what versions of a family share. */
    private static String nearest(String modelType) {
        return Family.ALL.stream()
                .map(Family::modelType)
                .max(Comparator.comparingInt(name -> sharedPrefix(name, modelType)))
                .filter(name -> sharedPrefix(name, modelType) >= SMALLEST_PREFIX)
                .map(name -> "The nearest by name is " + name + ". ")
                .orElse("");
    }

    private static int sharedPrefix(String one, String other) {
        int mismatch = Arrays.mismatch(one.toCharArray(), other.toCharArray());
        return mismatch < 0 ? one.length() : mismatch;
    }

    private static String supported() {
        return Family.ALL.stream().map(Family::modelType).collect(Collectors.joining(", "));
    }

    private static void refuseExperts(JsonObject config) {
        for (String key : ExpertKeys.COUNTS) {
            if (config.has(key) && config.positiveInt(key) > 1) {
                throw config.refuse(key, "but this family has no mixtures of experts here", "Use a dense model of it");
            }
        }
    }
}
