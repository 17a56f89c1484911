package ai.rpo.core.decoder;

import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.tensor.PlainBackend;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A tiny model with what PyTorch computed for it in double precision. */
public record Golden(Path folder, ModelDirectory model, JsonNode expected) {

    public static Golden open(String name) {
        return in(Path.of(System.getProperty("rpo.shared"), "golden", name));
    }

    /** The tiny models that {@code families/make_families.py} made, by name: one of each family, or more. */
    public static Stream<String> families() throws IOException, URISyntaxException {
        try (Stream<Path> folders = Files.list(family("."))) {
            return folders
                    .filter(Files::isDirectory)
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    /** The folder of one of {@link #families()}. */
    public static Path family(String name) throws URISyntaxException {
        return Path.of(Golden.class.getResource("/families").toURI()).resolve(name);
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

    /** Tensors of the model's shapes in another file of the folder, such as its gradients, as they lie in memory. */
    public float[] flat(String file) throws IOException {
        Path other = Files.createTempDirectory("golden");
        Files.copy(folder.resolve("config.json"), other.resolve("config.json"));
        Files.write(other.resolve("model.safetensors"), StackedExperts.apart(folder.resolve(file), model.config()));
        PlainBackend backend = new PlainBackend();
        Parameters numbers = SmallModel.zeros(model.config(), backend);
        numbers.load(ModelDirectory.open(other).weights());
        float[] flat = new float[Math.toIntExact(numbers.storage().size())];
        numbers.storage().read(0, flat, 0, flat.length);
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
