package ai.rpo.jobs;

import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What a tiny policy is aligned with online: a reward model, prompts, offline pairs and {@code online.conf}. */
final class OnlineInputs {

    private static final Path MODEL = Path.of("../rpo-core/src/test/resources/families/llama");

    private OnlineInputs() {}

    static void write(Path folder) throws IOException {
        Path policy = Files.createDirectory(folder.resolve("policy"));
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(MODEL.resolve(name), policy.resolve(name));
        }
        ModelDirectory reward = ModelDirectory.openForRewards(policy, 5);
        new ModelExport(reward, Dtype.F32).write(folder.resolve("reward"), reward.weights(), Map.of());
        Files.writeString(folder.resolve("prompts.jsonl"), lines(16, "{\"prompt_ids\": [1, %d]}"));
        Files.writeString(
                folder.resolve("offline.jsonl"),
                lines(40, "{\"prompt_ids\": [1, %d], \"chosen_ids\": [4, 2], \"rejected_ids\": [5, 2]}"));
        Files.writeString(folder.resolve("online.conf"), """
                rpo {
                  model.path = %1$s/policy
                  rate.model = %1$s/reward
                  online { prompts = %1$s/prompts.jsonl, rounds = 2, optimizer = kept }
                  generate.max-new-tokens = 6
                  train { pairs-per-batch = 4, learning-rate = 3e-2, epochs = 4 }
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 2, master = "local[1]" }
                """.formatted(folder));
    }

    /** Writes a reward model that knows one token more than the policy. */
    static Path otherVocabulary(Path folder) throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        String config =
                Files.readString(MODEL.resolve("config.json")).replace("\"vocab_size\": 13", "\"vocab_size\": 14");
        Files.writeString(other.resolve("config.json"), config);
        ParameterFile.write(
                other.resolve("model.safetensors"),
                ParameterLayout.of(ModelConfigParser.parse(config, "config.json")),
                (entry, offset, target) -> {
                    while (target.hasRemaining()) {
                        target.put(0.1f);
                    }
                });
        ModelDirectory reward = ModelDirectory.openForRewards(other, 4);
        new ModelExport(reward, Dtype.F32).write(folder.resolve("other-reward"), reward.weights(), Map.of());
        return folder.resolve("other-reward");
    }

    /** Reads all numbers of a model. */
    static float[] weights(Path folder) {
        ModelDirectory model = ModelDirectory.open(folder);
        ParameterLayout layout = ParameterLayout.of(model.config());
        FloatBuffer all = FloatBuffer.allocate(Math.toIntExact(layout.size()));
        model.weights().readAll(layout, (entry, offset, numbers, length) -> all.put(numbers, 0, length));
        return all.array();
    }

    private static String lines(int count, String row) {
        return IntStream.range(0, count)
                .mapToObj(i -> row.formatted(3 + i % 10) + "\n")
                .collect(Collectors.joining());
    }
}
