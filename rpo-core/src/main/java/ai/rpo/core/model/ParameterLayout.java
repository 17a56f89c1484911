package ai.rpo.core.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each weight lies in the one flat vector that holds them all, under its Hugging Face name.
 *
 * <p>Weights that are multiplied with the same input lie side by side (query, key, value; gate, up), so that each such
 * group is itself one matrix and needs one product.
 */
public final class ParameterLayout {

    /**
     * @param name Hugging Face name, such as {@code model.layers.0.self_attn.q_proj.weight}
     * @param offset first element in the flat vector
     * @param rows 1 for vectors
     * @param vector whether the file stores one dimension: normalization weights and biases, which are not decayed
     */
    public record Entry(String name, long offset, int rows, int columns, boolean vector) {

        public long size() {
            return (long) rows * columns;
        }

        /** The shape in the file. */
        public List<Integer> shape() {
            return vector ? List.of(columns) : List.of(rows, columns);
        }
    }

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long size;

    private ParameterLayout() {}

    public static ParameterLayout of(ModelConfig config) {
        ParameterLayout layout = new ParameterLayout();
        int hidden = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int keys = config.keyValueHeads() * config.headDim();
        layout.matrix("model.embed_tokens.weight", config.vocabularySize(), hidden);
        for (int i = 0; i < config.layers(); i++) {
            String layer = "model.layers." + i + ".";
            layout.vector(layer + "input_layernorm.weight", hidden);
            layout.matrix(layer + "self_attn.q_proj.weight", queries, hidden);
            layout.matrix(layer + "self_attn.k_proj.weight", keys, hidden);
            layout.matrix(layer + "self_attn.v_proj.weight", keys, hidden);
            layout.matrix(layer + "self_attn.o_proj.weight", hidden, queries);
            layout.vector(layer + "post_attention_layernorm.weight", hidden);
            layout.matrix(layer + "mlp.gate_proj.weight", config.intermediateSize(), hidden);
            layout.matrix(layer + "mlp.up_proj.weight", config.intermediateSize(), hidden);
            layout.matrix(layer + "mlp.down_proj.weight", hidden, config.intermediateSize());
        }
        layout.vector("model.norm.weight", hidden);
        if (!config.tiedHead()) {
            layout.matrix("lm_head.weight", config.vocabularySize(), hidden);
        }
        return layout;
    }

    /** In the order of the flat vector. */
    public List<Entry> entries() {
        return new ArrayList<>(entries.values());
    }

    /**
     * @throws IllegalArgumentException if the model has no such weight
     */
    public Entry get(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("This model has no weight named " + name + ".");
        }
        return entry;
    }

    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    /** Elements of the flat vector. */
    public long size() {
        return size;
    }

    private void matrix(String name, int rows, int columns) {
        add(name, rows, columns, false);
    }

    private void vector(String name, int columns) {
        add(name, 1, columns, true);
    }

    private void add(String name, int rows, int columns, boolean vector) {
        entries.put(name, new Entry(name, size, rows, columns, vector));
        size += (long) rows * columns;
    }
}
