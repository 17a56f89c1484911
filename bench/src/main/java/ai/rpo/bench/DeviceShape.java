package ai.rpo.bench;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Storage;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * A Llama of random weights in a size that devices train, with as many of its blocks as are asked for.
 *
 * @param tied whether the head's weights are the embedding's
 */
record DeviceShape(
        int vocabulary, int hidden, int intermediate, int layers, int heads, int keyValueHeads, boolean tied) {

    private static final Map<String, DeviceShape> NAMED = Map.of(
            "mite", new DeviceShape(64, 32, 48, 2, 2, 1, true), // for devices that are emulated
            "smollm2", new DeviceShape(49152, 576, 1536, 30, 9, 3, true),
            "half_billion", new DeviceShape(151936, 896, 4864, 24, 14, 2, true),
            "billion_and_half", new DeviceShape(151936, 1536, 8960, 28, 12, 2, true),
            "seven_billion", new DeviceShape(32000, 4096, 14336, 32, 32, 8, false));

    private static final float INITIALIZER_RANGE = 0.02f;
    private static final float[] PATTERN = pattern();

    /** @throws IllegalArgumentException if there is none of that name */
    static DeviceShape named(String name) {
        return Optional.ofNullable(NAMED.get(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        "Cannot take the shape " + name + ": there are " + NAMED.keySet() + ". Name one of these."));
    }

    DeviceShape withLayers(int count) {
        return new DeviceShape(vocabulary, hidden, intermediate, count, heads, keyValueHeads, tied);
    }

    String json() {
        return String.format(
                Locale.ROOT,
                "{\"model_type\": \"llama\", \"vocab_size\": %d, \"hidden_size\": %d, \"intermediate_size\": %d,"
                        + " \"num_hidden_layers\": %d, \"num_attention_heads\": %d, \"num_key_value_heads\": %d,"
                        + " \"max_position_embeddings\": 8192, \"rms_norm_eps\": 1e-6, \"tie_word_embeddings\": %b,"
                        + " \"eos_token_id\": 2}",
                vocabulary,
                hidden,
                intermediate,
                layers,
                heads,
                keyValueHeads,
                tied);
    }

    ModelConfig config() {
        return ModelConfigParser.parse(json(), "config.json");
    }

    long parameters() {
        return ParameterLayout.of(config()).size();
    }

    /** Gives numbers of bfloat16 that repeat after a prime number of them: seven billion are made in seconds. */
    static Weights weights() {
        return (entry, offset, target) -> {
            int at = (int) ((entry.offset() + offset) % PATTERN.length);
            while (target.hasRemaining()) {
                if (entry.vector()) {
                    target.put(1);
                } else {
                    int count = Math.min(target.remaining(), PATTERN.length - at);
                    target.put(PATTERN, at, count);
                    at = 0;
                }
            }
        };
    }

    /** Overwrites all elements with such numbers. */
    static void fill(Storage storage) {
        for (long from = 0; from < storage.size(); from += PATTERN.length) {
            storage.write(from, PATTERN, 0, (int) Math.min(PATTERN.length, storage.size() - from));
        }
    }

    private static float[] pattern() {
        Random random = new Random(1);
        float[] pattern = new float[1_000_003];
        for (int i = 0; i < pattern.length; i++) {
            float number = (float) (INITIALIZER_RANGE * random.nextGaussian());
            pattern[i] = Float.intBitsToFloat(Float.floatToRawIntBits(number) & 0xffff0000);
        }
        return pattern;
    }
}
