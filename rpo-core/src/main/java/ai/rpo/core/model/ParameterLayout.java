package ai.rpo.core.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Says where each weight lies in the one flat vector that holds them all, under its Hugging Face name.
 *
 * <p>Weights that are multiplied with the same input lie side by side (query, key, value; gate, up), so that each such
 * group is itself one matrix and needs one product.
 */
public final class ParameterLayout {

    /**
     * @param name Hugging Face name, such as {@code model.layers.0.self_attn.q_proj.weight}
     * @param offset first element in the flat vector
     * @param shape in the file: of a vector, a matrix, or several matrices in one tensor
     * @param order where the rows of the file, or a vector's elements, lie in the flat vector
     */
    public record Entry(String name, long offset, List<Integer> shape, RowOrder order) {

        public Entry {
            shape = List.copyOf(shape);
        }

        public long size() {
            return (long) rows() * columns();
        }

        /** Counts the rows of a matrix; 1 for vectors. */
        public int rows() {
            return shape.subList(0, shape.size() - 1).stream().reduce(1, Math::multiplyExact);
        }

        public int columns() {
            return shape.get(shape.size() - 1);
        }

        /** Tells whether the file stores one dimension: normalization weights and biases, which are not decayed. */
        public boolean vector() {
            return shape.size() == 1;
        }

        /**
         * Goes through elements as the file has them, in pieces that are without a gap in the flat vector.
         *
         * @param first of them
         */
        public void runs(long first, int length, Run run) {
            if (order.equals(RowOrder.AS_STORED)) {
                run.at(first, 0, 1, length);
                return;
            }
            if (order.apart() > 1) {
                for (int from = 0; from < Math.min(order.apart(), length); from++) {
                    int count = (length - 1 - from) / order.apart() + 1;
                    run.at(order.inMemory(Math.toIntExact(first + from)), from, order.apart(), count);
                }
                return;
            }
            int unit = order.unit(vector() ? 1 : columns());
            for (int done = 0, count; done < length; done += count) {
                int stored = Math.toIntExact((first + done) / unit);
                int within = (int) ((first + done) % unit);
                count = Math.min(unit - within, length - done);
                run.at((long) order.inMemory(stored) * unit + within, done, 1, count);
            }
        }
    }

    /** Elements of an entry that are neighbours in memory. */
    @FunctionalInterface
    public interface Run {

        /**
         * @param offset of the first in memory, within the entry
         * @param from place of the first among those that are gone through
         * @param step from each of their places to the next
         */
        void at(long offset, int from, int step, int count);
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
            layout.block(config, i);
        }
        layout.norm(config, names.finalNorm());
        if (!config.tiedHead()) {
            layout.matrix(names.head(), config.outputs(), hidden);
        }
        if (config.architecture().biases().head()) {
            layout.vector(names.headBias(), config.vocabularySize());
        }
        return layout;
    }

    /**
     * The matrices of an adapter, and what it trains whole, under PEFT's names. Those that reduce one input lie side by
     * side, so that they too are one matrix.
     */
    public static ParameterLayout of(ModelConfig config, Lora lora) {
        ParameterLayout base = of(config);
        ParameterLayout layout = new ParameterLayout();
        WeightNames names = config.architecture().names();
        for (int i = 0; i < config.layers(); i++) {
            for (List<String> projections : config.architecture().projections(i)) {
                List<String> adapted =
                        projections.stream().filter(lora.modules()::contains).toList();
                for (String module : adapted) {
                    Entry weight = base.get(module + ".weight");
                    layout.matrix(
                            Lora.a(module), lora.rank(module), names.inputMajor() ? weight.rows() : weight.columns());
                }
                for (String module : adapted) {
                    Entry weight = base.get(module + ".weight");
                    int rows = names.inputMajor() ? weight.columns() : weight.rows();
                    layout.matrix(Lora.b(module), rows, lora.rank(module), weight.order);
                }
                for (String module : lora.dora() ? adapted : List.<String>of()) {
                    Entry weight = base.get(module + ".weight");
                    int rows = names.inputMajor() ? weight.columns() : weight.rows();
                    layout.add(Lora.magnitude(module), List.of(rows), weight.order);
                }
            }
            ExpertParameter.of(config, i).stream()
                    .filter(parameter -> lora.parameters().contains(parameter.name()))
                    .forEach(parameter -> layout.experts(parameter, lora));
        }
        for (Entry entry : base.entries()) {
            if (lora.trains(entry.name())) {
                layout.add(Lora.saved(entry.name()), entry.shape(), entry.order());
            }
        }
        return layout;
    }

    private void experts(ExpertParameter parameter, Lora lora) {
        int rank = lora.rank(parameter.name());
        int all = Math.multiplyExact(rank, parameter.experts());
        matrix(lora.a(parameter), all, parameter.in());
        matrix(
                lora.b(parameter),
                parameter.out(),
                all,
                new RowOrder.ByExpert(parameter.out(), rank, parameter.experts()));
    }

    private void block(ModelConfig config, int layer) {
        Architecture architecture = config.architecture();
        String block = architecture.names().block(layer);
        WeightNames.Attention attention = architecture.names().attention();
        WeightNames.FeedForward feedForward = architecture.names().feedForward();
        Architecture.Biases biases = architecture.biases();
        int hidden = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int keys = config.keyValueHeads() * config.headDim();

        attention.norm().ifPresent(name -> norm(config, block + name));
        projections(config, block, queryKeyValue(config, layer), hidden, biases.attentionInput());
        boolean perHead = attention.queryKeyNorm() == WeightNames.QueryKeyNorm.PER_HEAD;
        List<Integer> normed = perHead ? List.of(config.headDim(), config.headDim()) : List.of(queries, keys);
        for (int i = 0; i < attention.queryKeyNorms().size(); i++) {
            vector(block + attention.queryKeyNorms().get(i) + ".weight", normed.get(i));
        }
        projections(config, block, List.of(new Part(attention.output(), hidden)), queries, biases.attentionOutput());
        attention.sinks().ifPresent(name -> vector(block + name, config.heads()));
        attention.afterNorm().ifPresent(name -> norm(config, block + name));
        feedForward
                .norm()
                .filter(name -> !contains(block + name + ".weight"))
                .ifPresent(name -> norm(config, block + name));
        architecture
                .mixture(layer)
                .ifPresentOrElse(
                        mixture -> experts(config, block, mixture),
                        () -> feedForward(
                                config, block, feedForward.input(), feedForward.output(), config.intermediateSize()));
        feedForward.afterNorm().ifPresent(name -> norm(config, block + name));
    }

    private void experts(ModelConfig config, String block, Architecture.Mixture mixture) {
        boolean biased = config.architecture().biases().feedForward();
        List<Part> router = List.of(new Part(mixture.names().router(), mixture.experts()));
        projections(config, block, router, config.hiddenSize(), biased);
        WeightNames.Experts names = mixture.names();
        names.shared().ifPresent(shared -> {
            projections(config, block, List.of(new Part(shared.gate(), 1)), config.hiddenSize(), false);
            feedForward(config, block + shared.before(), names.input(), names.output(), mixture.sharedColumns());
        });
        if (names.stacked()) {
            int hidden = config.hiddenSize();
            stacked(block + names.all() + names.input().get(0), mixture.experts(), hidden, 2 * mixture.columns());
            stacked(block + names.all() + names.output(), mixture.experts(), mixture.columns(), hidden);
            return;
        }
        for (int e = 0; e < mixture.experts(); e++) {
            feedForward(config, block + names.expert(e), names.input(), names.output(), mixture.columns());
        }
    }

    /** A projection of all experts, input first, and its biases. */
    private void stacked(String name, int experts, int in, int out) {
        add(name, List.of(experts, in, out), RowOrder.AS_STORED);
        add(name + WeightNames.Experts.BIAS, List.of(experts, out), RowOrder.AS_STORED);
    }

    private void feedForward(ModelConfig config, String before, List<String> inputs, String output, int columns) {
        Architecture architecture = config.architecture();
        boolean biased = architecture.biases().feedForward();
        int input = (architecture.gatedFeedForward() ? 2 : 1) * columns / inputs.size();
        List<Part> gateAndUp =
                inputs.stream().map(name -> new Part(name, input)).toList();
        projections(config, before, gateAndUp, config.hiddenSize(), biased);
        projections(config, before, List.of(new Part(output, config.hiddenSize())), columns, biased);
    }

    /** One of several projections of the same input. */
    private record Part(String name, int out, RowOrder order) {

        Part(String name, int out) {
            this(name, out, RowOrder.AS_STORED);
        }
    }

    private static List<Part> queryKeyValue(ModelConfig config, int layer) {
        WeightNames.Attention names = config.architecture().names().attention();
        int queries = config.heads() * config.headDim();
        int keys = config.keyValueHeads() * config.headDim();
        RowOrder order = order(config, layer);
        if (names.queryKeyValue().size() == 1) {
            return List.of(new Part(names.queryKeyValue().get(0), queries + 2 * keys, order));
        }
        return List.of(
                new Part(names.queryKeyValue().get(0), queries, order),
                new Part(names.queryKeyValue().get(1), keys, order),
                new Part(names.queryKeyValue().get(2), keys));
    }

    private static RowOrder order(ModelConfig config, int layer) {
        int turned = 2 * config.rotary(layer).inverse().length;
        return switch (config.architecture().names().attention().rows()) {
            case AS_USED -> RowOrder.AS_STORED;
            case PAIRS_TOGETHER -> new RowOrder.PairsTogether(config.headDim(), turned);
            case BY_HEAD -> new RowOrder.ByHead(config.heads(), config.headDim());
        };
    }

    /** Projections of one input, their weights next to each other and then their biases. */
    private void projections(ModelConfig config, String block, List<Part> parts, int in, boolean biased) {
        boolean inputMajor = config.architecture().names().inputMajor();
        for (Part part : parts) {
            matrix(block + part.name, inputMajor ? in : part.out, inputMajor ? part.out : in, part.order);
        }
        if (biased) {
            parts.forEach(part -> add(block + part.name + ".bias", List.of(part.out), part.order));
        }
    }

    private void norm(ModelConfig config, String name) {
        vector(name + ".weight", config.hiddenSize());
        if (config.architecture().norm() == Architecture.Norm.LAYER) {
            vector(name + ".bias", config.hiddenSize());
        }
    }

    /** Gives them in the order of the flat vector. */
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
        matrix(name, rows, columns, RowOrder.AS_STORED);
    }

    private void matrix(String name, int rows, int columns, RowOrder order) {
        add(name + ".weight", List.of(rows, columns), order);
    }

    private void vector(String name, int columns) {
        add(name, List.of(columns), RowOrder.AS_STORED);
    }

    private void add(String name, List<Integer> shape, RowOrder order) {
        Entry entry = new Entry(name, size, shape, order);
        entries.put(name, entry);
        size += entry.size();
    }
}
