package ai.rpo.spark.train;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A model folder of a few hundred random weights, and pairs for it. */
public final class RandomModel {

    private static final String CONFIG = """
            {
              "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 19, "hidden_size": 8,
              "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
              "max_position_embeddings": 64, "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;

    private RandomModel() {}

    /** @param scale standard deviation of the weights */
    public static Path write(Path folder, double scale) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), CONFIG);
        Random random = new Random(11);
        ParameterFile.write(
                folder.resolve("model.safetensors"),
                ParameterLayout.of(ModelConfigParser.parse(CONFIG, "config.json")),
                (entry, offset, target) -> {
                    while (target.hasRemaining()) {
                        target.put((float) ((entry.vector() ? 1 : 0) + scale * random.nextGaussian()));
                    }
                });
        return folder;
    }

    /** Writes the same model with a reward model's head, which is a function of the seed. */
    public static Path writeReward(Path folder, double scale, long seed) throws IOException {
        ModelDirectory language =
                ModelDirectory.openForRewards(write(folder.resolveSibling("body-" + scale), scale), seed);
        new ModelExport(language, Dtype.F32).write(folder, language.weights(), Map.of());
        return folder;
    }

    /** Pairs of a few tokens each, with ordinals that leave gaps. */
    public static List<TrainingExample> pairs(int count) {
        Random random = new Random(12);
        List<TrainingExample> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pairs.add(TrainingExample.pair(3L * i + 5, ids(random, 4), ids(random, 5), ids(random, 3)));
        }
        return pairs;
    }

    public static List<TrainingExample> scored(int count) {
        return pairs(count).stream().map(p -> p.withReference(-9, -8)).toList();
    }

    private static int[] ids(Random random, int longest) {
        return random.ints(1 + random.nextInt(longest), 3, 19).toArray();
    }
}
