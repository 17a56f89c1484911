package ai.rpo.bench;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Llama and Mixtral models of random weights, in the sizes that the peer's benchmark uses. */
enum Shape {
    TINY(4096, 256, 704, 4, 4, 4),
    SMALL(16384, 512, 1408, 8, 8, 4),
    /** Each token goes through as many parameters as in {@link #TINY}. */
    TINY_MIXTURE(4096, 256, 352, 4, 4, 4, 8, 2),
    /** Each token goes through as many parameters as in {@link #SMALL}. */
    SMALL_MIXTURE(16384, 512, 704, 8, 8, 4, 8, 2),
    SMOLLM2(49152, 576, 1536, 30, 9, 3),
    /** A little more than 2³⁰ parameters. */
    BILLION(139264, 2048, 8192, 13, 32, 8);

    private static final double INITIALIZER_RANGE = 0.02;

    private final String json;

    Shape(int vocabulary, int hidden, int intermediate, int layers, int heads, int keyValueHeads) {
        this("llama", "", vocabulary, hidden, intermediate, layers, heads, keyValueHeads);
    }

    /** @param intermediate of one expert */
    Shape(
            int vocabulary,
            int hidden,
            int intermediate,
            int layers,
            int heads,
            int keyValueHeads,
            int experts,
            int chosen) {
        this(
                "mixtral",
                "\"num_local_experts\": " + experts + ", \"num_experts_per_tok\": " + chosen + ", ",
                vocabulary,
                hidden,
                intermediate,
                layers,
                heads,
                keyValueHeads);
    }

    Shape(
            String family,
            String keys,
            int vocabulary,
            int hidden,
            int intermediate,
            int layers,
            int heads,
            int keyValueHeads) {
        json = String.format(
                Locale.ROOT,
                "{\"model_type\": \"%s\", %s\"vocab_size\": %d, \"hidden_size\": %d, \"intermediate_size\": %d,"
                        + " \"num_hidden_layers\": %d, \"num_attention_heads\": %d, \"num_key_value_heads\": %d,"
                        + " \"max_position_embeddings\": 4096, \"rms_norm_eps\": 1e-6, \"tie_word_embeddings\": true,"
                        + " \"eos_token_id\": 2}",
                family,
                keys,
                vocabulary,
                hidden,
                intermediate,
                layers,
                heads,
                keyValueHeads);
    }

    String json() {
        return json;
    }

    ModelConfig config() {
        return ModelConfigParser.parse(json, name());
    }

    long parameters() {
        return ParameterLayout.of(config()).size();
    }

    /** Fills a flat storage with initial weights. */
    void initialise(Storage storage) {
        new Parameters(ParameterLayout.of(config()), storage).load(weights());
    }

    /** Initial weights, numbers of bfloat16 as in most models' files. */
    Weights weights() {
        return (entry, offset, target) -> {
            Random random = new Random(entry.offset() + offset);
            while (target.hasRemaining()) {
                float weight = entry.vector() ? 1 : (float) (INITIALIZER_RANGE * random.nextGaussian());
                target.put(Float.intBitsToFloat(Float.floatToRawIntBits(weight) & 0xffff0000));
            }
        };
    }

    /** An adapter on a model in this empty folder, which is written. */
    Trainable adapter(LoraSettings lora, Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), json);
        ParameterFile.write(folder.resolve("model.safetensors"), ParameterLayout.of(config()), weights());
        ModelDirectory model = ModelDirectory.open(folder);
        return Trainable.of(model, lora.on(model), 1, folder.toString());
    }

    /** Random pairs of these lengths. */
    List<TrainingExample> pairs(int count, int promptLength, int responseLength) {
        return pairs(config(), count, promptLength, responseLength);
    }

    /** Random pairs of a model's tokens. */
    static List<TrainingExample> pairs(ModelConfig config, int count, int promptLength, int responseLength) {
        Random random = new Random(2);
        int vocabulary = config.vocabularySize();
        List<TrainingExample> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] prompt = random.ints(promptLength, 3, vocabulary).toArray();
            int[] chosen = random.ints(responseLength, 3, vocabulary).toArray();
            int[] rejected = random.ints(responseLength, 3, vocabulary).toArray();
            pairs.add(
                    new TrainingExample(i, new Example(prompt, List.of(chosen, rejected)), new double[] {-900, -900}));
        }
        return pairs;
    }

    /**
     * Floating-point operations that a forward pass over one pair needs: the products with the weights on every packed
     * row, those behind the last attention only where a token is predicted, and attention's two products over the causal
     * part.
     */
    double forwardFlops(int promptLength, int responseLength) {
        return forwardFlops(config(), promptLength, responseLength);
    }

    /** The same of any model. */
    static double forwardFlops(ModelConfig c, int promptLength, int responseLength) {
        double rows = promptLength + 2.0 * (responseLength - 1);
        double queries = (double) c.heads() * c.headDim();
        double keys = (double) c.keyValueHeads() * c.headDim();
        double input = 2 * c.hiddenSize() * (queries + 2 * keys);
        double inner = c.architecture()
                .mixture()
                .map(m -> 3.0 * m.chosen() * m.columns() + m.experts())
                .orElse(3.0 * c.intermediateSize());
        double output = 2 * c.hiddenSize() * (queries + inner);
        double outputRows = (c.layers() - 1) * rows + 2 * responseLength - 1;
        double head = 2.0 * c.hiddenSize() * c.vocabularySize() * 2 * responseLength;
        double response = responseLength - 1;
        double byPrompt = promptLength * (promptLength + 1) / 2.0;
        double byResponses = 2 * (response * promptLength + response * (response + 1) / 2);
        double seen = (c.layers() - 1) * byPrompt + promptLength + c.layers() * byResponses;
        return c.layers() * rows * input + outputRows * output + 4 * queries * seen + head;
    }
}
