package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.PlainBackend;
import ai.rpo.core.tensor.Workspace;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The models of {@code variants/make_variants.py}, whose weights are a function of their names.
 *
 * @param folder that models are written to
 */
record VariantModels(JsonNode golden, Path folder) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** @param file {@code configs.json} or {@code adapters.json} */
    static JsonNode golden(String file) {
        try {
            return JSON.readTree(VariantModels.class.getResource("/variants/" + file));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static Stream<JsonNode> variants(String file) {
        return StreamSupport.stream(golden(file).get("variants").spliterator(), false);
    }

    /** A model folder with the variant's {@code config.json}. */
    Path model(JsonNode variant) throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        String config = variant.get("config").toString();
        Files.writeString(model.resolve("config.json"), config);
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        for (ParameterLayout.Entry entry : ParameterLayout.of(ModelConfigParser.parse(config, "config.json"))
                .entries()) {
            shapes.put(entry.name(), entry.shape());
        }
        write(
                model.resolve("model.safetensors"),
                shapes,
                variant.path("without_prefix").asText());
        return model;
    }

    /** An adapter folder with the variant's files, whose model lies beside it. */
    Path adapter(JsonNode variant) throws IOException {
        Path adapter = Files.createDirectories(folder.resolve("adapter"));
        Files.writeString(
                adapter.resolve("adapter_config.json"), variant.get("adapter").toString());
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        variant.get("tensors")
                .properties()
                .forEach(tensor -> shapes.put(
                        tensor.getKey(),
                        StreamSupport.stream(tensor.getValue().spliterator(), false)
                                .map(JsonNode::asInt)
                                .toList()));
        write(adapter.resolve("adapter_model.safetensors"), shapes, "");
        return adapter;
    }

    /** Summed log-probabilities of the chosen and the rejected completion. */
    double[] logps(ModelDirectory model) {
        PlainBackend backend = new PlainBackend();
        Parameters weights = SmallModel.zeros(model.config(), backend);
        weights.load(model.weights());
        int[] chosen = ids("chosen");
        PackedBatch batch = PackedBatch.of(List.of(new Example(ids("prompt"), List.of(chosen, ids("rejected")))));
        double[] tokens = new Decoder(model.config(), backend).tokenLogps(weights, batch, new Workspace(backend));
        return new double[] {
            Arrays.stream(tokens, 0, chosen.length).sum(),
            Arrays.stream(tokens, chosen.length, tokens.length).sum()
        };
    }

    private int[] ids(String name) {
        return StreamSupport.stream(golden.get(name).spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }

    private static void write(Path file, Map<String, List<Integer>> shapes, String prefix) throws IOException {
        Map<String, Object> header = new LinkedHashMap<>();
        int end = 0;
        for (Map.Entry<String, List<Integer>> tensor : shapes.entrySet()) {
            int begin = end;
            end += 4 * size(tensor.getValue());
            String name =
                    tensor.getKey().startsWith(prefix) ? tensor.getKey().substring(prefix.length()) : tensor.getKey();
            header.put(name, Map.of("dtype", "F32", "shape", tensor.getValue(), "data_offsets", List.of(begin, end)));
        }
        byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + end).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        shapes.forEach((name, shape) -> {
            for (float number : numbers(name, shape)) {
                bytes.putFloat(number);
            }
        });
        Files.write(file, bytes.array());
    }

    private static float[] numbers(String name, List<Integer> shape) {
        byte[] letters = name.getBytes(StandardCharsets.UTF_8);
        int seed = 0;
        for (int i = 0; i < letters.length; i++) {
            seed += (i + 1) * letters[i];
        }
        float[] numbers = new float[size(shape)];
        for (int i = 0; i < numbers.length; i++) {
            double wave = Math.sin(seed % 1009 + 0.7 * i + 0.001 * i * i);
            numbers[i] = (float) (shape.size() == 1 ? 0.5 + 0.2 * wave : 0.4 * wave);
        }
        return numbers;
    }

    private static int size(List<Integer> shape) {
        return shape.stream().reduce(1, Math::multiplyExact);
    }
}
