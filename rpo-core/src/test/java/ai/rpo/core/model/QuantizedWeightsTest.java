package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.tensor.PackedMatrix;
import ai.rpo.core.tensor.Packing;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which matrices are kept in fewer bits, and in how many bytes. */
class QuantizedWeightsTest {

    private static final Weights UNREAD = (entry, offset, target) -> {
        throw new AssertionError("nothing is to be read");
    };

    private static final String LLAMA_2_7B = """
            {"model_type": "llama", "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008,
            "num_hidden_layers": 32, "num_attention_heads": 32, "tie_word_embeddings": false}
            """;

    /** All parameters of Llama 2 7B, its embedding and head in bfloat16 or float32. */
    @ParameterizedTest
    @CsvSource({"2, 0.619", "4, 0.697"})
    void fourBitsOfASevenBillionParameterModelNeedLessThanSevenTenthsOfAByteEach(int tableBytes, double expected) {
        ModelConfig config = ModelConfigParser.parse(LLAMA_2_7B, "config.json");
        Weights weights = quantized(config, UNREAD, BasePrecision.NF4);
        ParameterLayout layout = ParameterLayout.of(config);
        long bytes = 0;
        for (ParameterLayout.Entry entry : layout.entries()) {
            bytes += weights.packing(entry)
                    .map(packing -> packing.bytes(entry.size()) + 4 * packing.scales(entry.size(), 64))
                    .orElse(entry.size() * (entry.vector() ? 4 : tableBytes));
        }
        long packed = 0;
        long packedBytes = 0;
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (weights.packing(entry).isPresent()) {
                packed += entry.size();
                packedBytes += Packing.NF4.bytes(entry.size()) + 4 * Packing.NF4.scales(entry.size(), 64);
            }
        }
        assertEquals(0.5625, (double) packedBytes / packed, 1e-9, "of those that are packed");
        double each = (double) bytes / layout.size();
        assertEquals(expected, each, 1e-3);
        assertTrue(each < 0.7, "bytes a parameter: " + each);
    }

    @Test
    void embeddingsHeadsRoutersAndBiasesStayAsTheyAre() {
        ModelConfig config = ModelConfigParser.parse("""
                {"model_type": "gpt_oss", "vocab_size": 7, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1,
                "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32, "num_local_experts": 2,
                "num_experts_per_tok": 1}
                """, "config.json");
        Weights weights = quantized(config, UNREAD, BasePrecision.INT8);
        assertEquals(
                List.of(
                        "model.layers.0.mlp.experts.down_proj",
                        "model.layers.0.mlp.experts.gate_up_proj",
                        "model.layers.0.self_attn.k_proj.weight",
                        "model.layers.0.self_attn.o_proj.weight",
                        "model.layers.0.self_attn.q_proj.weight",
                        "model.layers.0.self_attn.v_proj.weight"),
                ParameterLayout.of(config).entries().stream()
                        .filter(entry -> weights.packing(entry).isPresent())
                        .map(ParameterLayout.Entry::name)
                        .sorted()
                        .collect(Collectors.toList()));
    }

    /** Read in pieces of any size, the numbers are those of the packed matrix. */
    @Test
    void whatIsReadIsWhatTheBitsStandFor() {
        ModelConfig config = TinyModel.config();
        Weights weights = quantized(config, TinyModel.weights(), BasePrecision.NF4);
        ParameterLayout.Entry entry = ParameterLayout.of(config).get("model.layers.1.mlp.down_proj.weight");
        PackedMatrix packed = weights.packed(entry);
        assertEquals(Packing.NF4, packed.packing());
        for (int piece : new int[] {1, 5, (int) entry.size()}) {
            for (int from = 0; from + piece <= entry.size(); from += piece) {
                FloatBuffer read = FloatBuffer.allocate(piece);
                weights.read(entry, from, read);
                for (int i = 0; i < piece; i++) {
                    assertEquals(packed.get(from + i), read.get(i));
                }
            }
        }
        FloatBuffer norm = FloatBuffer.allocate(1);
        ParameterLayout.Entry vector = ParameterLayout.of(config).get("model.norm.weight");
        weights.read(vector, 2, norm);
        assertEquals(TinyModel.value(vector, 2), norm.get(0));
    }

    private static Weights quantized(ModelConfig config, Weights weights, BasePrecision precision) {
        return QuantizedWeights.of(config, weights, Optional.empty(), precision, "somewhere");
    }
}
