package ai.rpo.core.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Model folders for tests, right or spoilt on purpose; the files are put together byte by byte, not by our writer. */
final class TinyModel {

    static final String CONFIG = """
            {
              "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 7, "hidden_size": 4,
              "intermediate_size": 6, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
              "max_position_embeddings": 32, "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;

    private TinyModel() {}

    static ModelConfig config() {
        return ModelConfigParser.parse(CONFIG, "config.json");
    }

    /** A different number for every element of every weight. */
    static float value(ParameterLayout.Entry entry, long element) {
        return (entry.offset() + element) / 64f - 3;
    }

    static Weights weights() {
        return (entry, offset, target) -> {
            for (long i = offset; target.hasRemaining(); i++) {
                target.put(value(entry, i));
            }
        };
    }

    static float[] floats(ParameterLayout.Entry entry) {
        float[] floats = new float[(int) entry.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = value(entry, i);
        }
        return floats;
    }

    /** All tensors of {@link #config}, to be changed before they are written. */
    static Map<String, Raw> tensors() {
        Map<String, Raw> tensors = new LinkedHashMap<>();
        for (ParameterLayout.Entry entry : ParameterLayout.of(config()).entries()) {
            tensors.put(entry.name(), new Raw(entry.shape(), floats(entry)));
        }
        return tensors;
    }

    record Raw(List<Integer> shape, float[] floats) {}

    static Path folder(Path folder, String config, Map<String, Raw> tensors) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), config);
        Files.write(folder.resolve("model.safetensors"), safetensors(tensors));
        return folder;
    }

    static byte[] safetensors(Map<String, Raw> tensors) {
        List<String> header = new ArrayList<>();
        int offset = 0;
        for (Map.Entry<String, Raw> tensor : tensors.entrySet()) {
            int end = offset + 4 * tensor.getValue().floats.length;
            header.add("\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                    .formatted(tensor.getKey(), tensor.getValue().shape, offset, end));
            offset = end;
        }
        ByteBuffer data = ByteBuffer.allocate(offset).order(ByteOrder.LITTLE_ENDIAN);
        tensors.values().forEach(raw -> {
            for (float value : raw.floats) {
                data.putFloat(value);
            }
        });
        return safetensors("{" + String.join(",", header) + "}", data.array());
    }

    static byte[] safetensors(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }
}
