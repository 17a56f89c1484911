package ai.rpo.core.decoder;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.StreamSupport;

/** A tiny model with what PyTorch computed for it in double precision. */
public record Golden(Path folder, ModelDirectory model, JsonNode expected) {

    public static Golden open(String name) {
        return in(Path.of(System.getProperty("rpo.shared"), "golden", name));
    }

    public static Golden in(Path folder) {
        try {
            JsonNode expected =
                    new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
            return new Golden(folder, ModelDirectory.open(folder), expected);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public List<TrainingExample> pairs() {
        List<TrainingExample> pairs = new ArrayList<>();
        for (JsonNode pair : expected.get("pairs")) {
            pairs.add(new TrainingExample(
                    pairs.size(),
                    new Example(ids(pair, "prompt"), List.of(ids(pair, "chosen"), ids(pair, "rejected"))),
                    new double[] {
                        pair.get("ref_chosen_logp").asDouble(),
                        pair.get("ref_rejected_logp").asDouble()
                    }));
        }
        return pairs;
    }

    /** In the order of a packed batch of all pairs. */
    public double[] tokenLogps() {
        return StreamSupport.stream(expected.get("token_logps").spliterator(), false)
                .flatMapToDouble(
                        pair -> DoubleStream.concat(numbers(pair.get("chosen")), numbers(pair.get("rejected"))))
                .toArray();
    }

    /** Tensors of the model's shapes in another file of the folder, such as its gradients. */
    public float[] flat(String file) throws IOException {
        Path other = Files.createTempDirectory("golden");
        Files.copy(folder.resolve("config.json"), other.resolve("config.json"));
        Files.copy(folder.resolve(file), other.resolve("model.safetensors"));
        ParameterLayout layout = ParameterLayout.of(model.config());
        float[] flat = new float[Math.toIntExact(layout.size())];
        Weights weights = ModelDirectory.open(other).weights();
        for (ParameterLayout.Entry entry : layout.entries()) {
            weights.read(entry, 0, FloatBuffer.wrap(flat, (int) entry.offset(), (int) entry.size()));
        }
        return flat;
    }

    public double number(String... path) {
        JsonNode node = expected;
        for (String name : path) {
            node = node.get(name);
        }
        return node.asDouble();
    }

    private static DoubleStream numbers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).mapToDouble(JsonNode::asDouble);
    }

    private static int[] ids(JsonNode pair, String name) {
        return StreamSupport.stream(pair.get(name).spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
