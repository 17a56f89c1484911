package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture.Mixture;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * In memory transformers has the experts of a layer in two tensors, gates and ups {@code [experts, 2·columns, hidden]}
 * and outputs {@code [experts, hidden, columns]}; in a model's files they lie apart. The numbers are in one order either way, so
 * that another header makes a file of the one kind a file of the other.
 */
public final class StackedExperts {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String IN_MEMORY = "mlp.";

    private StackedExperts() {}

    /** The bytes of a safetensors file, with the names of a model's files. */
    public static byte[] apart(Path file, ModelConfig config) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[Math.toIntExact(bytes.getLong())];
        bytes.get(header);
        ObjectNode apart = JSON.createObjectNode();
        JSON.readTree(header)
                .fields()
                .forEachRemaining(tensor -> put(apart, tensor.getKey(), tensor.getValue(), config));
        byte[] renamed = JSON.writeValueAsBytes(apart);
        return ByteBuffer.allocate(Long.BYTES + renamed.length + bytes.remaining())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(renamed.length)
                .put(renamed)
                .put(bytes)
                .array();
    }

    private static void put(ObjectNode apart, String name, JsonNode tensor, ModelConfig config) {
        Optional<Mixture> mixture = config.architecture().mixture();
        int at = name.indexOf(IN_MEMORY);
        if (mixture.isEmpty() || mixture.get().names().stacked() || at < 0) {
            apart.set(name, tensor);
            return;
        }
        WeightNames.Experts names = mixture.get().names();
        String block = name.substring(0, at);
        switch (name.substring(at)) {
            case "mlp.gate.weight" -> apart.set(block + names.router() + ".weight", tensor);
            case "mlp.experts.gate_up_proj" -> divide(apart, tensor, block, names, names.input());
            case "mlp.experts.down_proj" -> divide(apart, tensor, block, names, List.of(names.output()));
            default -> apart.set(name, tensor);
        }
    }

    private static void divide(
            ObjectNode apart, JsonNode tensor, String block, WeightNames.Experts names, List<String> parts) {
        int experts = tensor.at("/shape/0").intValue();
        int rows = tensor.at("/shape/1").intValue() / parts.size();
        int columns = tensor.at("/shape/2").intValue();
        long from = tensor.at("/data_offsets/0").longValue();
        for (int e = 0; e < experts; e++) {
            for (String part : parts) {
                long to = from + (long) Float.BYTES * rows * columns;
                ObjectNode one = apart.putObject(block + names.expert(e) + part + ".weight");
                one.put("dtype", "F32");
                Stream.of(rows, columns).forEach(one.putArray("shape")::add);
                Stream.of(from, to).forEach(one.putArray("data_offsets")::add);
                from = to;
            }
        }
    }
}
