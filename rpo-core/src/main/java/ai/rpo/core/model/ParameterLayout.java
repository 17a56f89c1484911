package ai.rpo.core.model;

import java.util.ArrayList;
import java.util.Collections;
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
        WeightNames names = config.architecture().names();
        int hidden = config.hiddenSize();
        layout.matrix(names.embedding(), config.vocabularySize(), hidden);
        names.positions().ifPresent(name -> layout.matrix(name, config.contextLength(), hidden));
        for (int i = 0; i < config.layers(); i++) {
            layout.block(config, names.block(i));
        }
        layout.norm(config, names.finalNorm());
        if (!config.tiedHead()) {
            layout.matrix(names.head(), config.outputs(), hidden);
        }
        return layout;
    }

    /**
     * The matrices of an adapter, under PEFT's names. Those that reduce one input lie side by side, so that they too are
     * one matrix.
     */
    public static ParameterLayout of(ModelConfig config, Lora lora) {
        ParameterLayout base = of(config);
        ParameterLayout layout = new ParameterLayout();
        WeightNames names = config.architecture().names();
        for (int i = 0; i < config.layers(); i++) {
            for (List<String> projections : names.projections(i)) {
                List<String> adapted =
                        projections.stream().filter(lora.modules()::contains).toList();
                for (String module : adapted) {
                    Entry weight = base.get(module + ".weight");
                    layout.matrix(Lora.a(module), lora.rank(), names.inputMajor() ? weight.rows : weight.columns);
                }
                for (String module : adapted) {
                    Entry weight = base.get(module + ".weight");
                    layout.matrix(Lora.b(module), names.inputMajor() ? weight.columns : weight.rows, lora.rank());
                }
            }
        }
        return layout;
    }

    private void block(ModelConfig config, String block) {
        Architecture architecture = config.architecture();
        WeightNames.Attention attention = architecture.names().attention();
        WeightNames.FeedForward feedForward = architecture.names().feedForward();
        Architecture.Biases biases = architecture.biases();
        int hidden = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int keys = config.keyValueHeads() * config.headDim();
        int inner = config.intermediateSize();
        List<Integer> fused =
                attention.queryKeyValue().size() == 1 ? List.of(queries + 2 * keys) : List.of(queries, keys, keys);
        int inputs = feedForward.input().size();
        int input = (architecture.gatedFeedForward() ? 2 : 1) * inner / inputs;

        norm(config, block + attention.norm());
        projections(config, block, attention.queryKeyValue(), fused, hidden, biases.attentionInput());
        attention.headNorms().forEach(name -> vector(block + name + ".weight", config.headDim()));
        projections(config, block, List.of(attention.output()), List.of(hidden), queries, biases.attentionOutput());
        attention.afterNorm().ifPresent(name -> norm(config, block + name));
        norm(config, block + feedForward.norm());
        projections(
                config, block, feedForward.input(), Collections.nCopies(inputs, input), hidden, biases.feedForward());
        projections(config, block, List.of(feedForward.output()), List.of(hidden), inner, biases.feedForward());
        feedForward.afterNorm().ifPresent(name -> norm(config, block + name));
    }

    /** Projections of one input, their weights next to each other and then their biases. */
    private void projections(
            ModelConfig config, String block, List<String> names, List<Integer> out, int in, boolean biased) {
        boolean inputMajor = config.architecture().names().inputMajor();
        for (int i = 0; i < names.size(); i++) {
            int rows = inputMajor ? in : out.get(i);
            matrix(block + names.get(i), rows, inputMajor ? out.get(i) : in);
        }
        for (int i = 0; biased && i < names.size(); i++) {
            vector(block + names.get(i) + ".bias", out.get(i));
        }
    }

    private void norm(ModelConfig config, String name) {
        vector(name + ".weight", config.hiddenSize());
        if (config.architecture().norm() == Architecture.Norm.LAYER) {
            vector(name + ".bias", config.hiddenSize());
        }
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
        add(name + ".weight", rows, columns, false);
    }

    private void vector(String name, int columns) {
        add(name, 1, columns, true);
    }

    private void add(String name, int rows, int columns, boolean vector) {
        entries.put(name, new Entry(name, size, rows, columns, vector));
        size += (long) rows * columns;
    }
}
