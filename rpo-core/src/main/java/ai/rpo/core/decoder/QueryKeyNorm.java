package ai.rpo.core.decoder;

import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.List;
import java.util.Optional;

/** RMSNorm of queries and keys, which lie with the values in one tensor. */
interface QueryKeyNorm {

    /** Holds what the backward pass needs, and the result {@code [tokens, shape.fusedColumns()]}. */
    interface Saved {
        Tensor out();
    }

    Saved forward(Parameters weights, Tensor fused, Workspace workspace);

    /** Turns the gradient of the result into that of the input, in place; adds to those of the weights. */
    void backward(Saved saved, Tensor gradient, Parameters gradients, Workspace workspace);

    /** The model's kind, if it has one. */
    static Optional<QueryKeyNorm> of(Backend backend, ModelConfig config, AttentionShape shape, int layer) {
        WeightNames names = config.architecture().names();
        List<String> norms = names.attention().queryKeyNorms().stream()
                .map(names.block(layer)::concat)
                .toList();
        return switch (names.attention().queryKeyNorm()) {
            case NONE -> Optional.empty();
            case PER_HEAD -> Optional.of(new PerHead(backend, config, shape, norms));
            case OVER_ALL_HEADS -> Optional.of(new OverAllHeads(backend, config, shape, norms));
        };
    }

    /** Normalizes each head. */
    final class PerHead implements QueryKeyNorm {

        /** @param inverseRms of each query head, then of each key head */
        private record Numbers(Tensor projected, Tensor queryGain, Tensor keyGain, Tensor inverseRms, Tensor out)
                implements Saved {}

        private final Backend backend;
        private final AttentionShape shape;
        private final double epsilon;
        private final Gain query;
        private final Gain key;

        PerHead(Backend backend, ModelConfig config, AttentionShape shape, List<String> names) {
            this.backend = backend;
            this.shape = shape;
            epsilon = config.normEpsilon();
            query = new Gain(backend, config, names.get(0) + ".weight", shape.headDim());
            key = new Gain(backend, config, names.get(1) + ".weight", shape.headDim());
        }

        @Override
        public Saved forward(Parameters weights, Tensor fused, Workspace workspace) {
            Tensor out = workspace.tensor(fused.rows(), fused.columns());
            Tensor inverseRms = workspace.tensor(fused.rows(), shape.heads() + shape.keyValueHeads());
            Tensor queryGain = query.of(weights, workspace);
            Tensor keyGain = key.of(weights, workspace);
            backend.headNorm(fused, shape, queryGain, keyGain, epsilon, out, inverseRms);
            return new Numbers(fused, queryGain, keyGain, inverseRms, out);
        }

        @Override
        public void backward(Saved saved, Tensor gradient, Parameters gradients, Workspace workspace) {
            Numbers numbers = (Numbers) saved;
            backend.headNormBackward(
                    numbers.projected,
                    shape,
                    numbers.queryGain,
                    numbers.keyGain,
                    numbers.inverseRms,
                    gradient,
                    query.gradient(gradients, workspace),
                    key.gradient(gradients, workspace));
        }
    }

    /** Normalizes all query heads at once and all key heads at once. */
    final class OverAllHeads implements QueryKeyNorm {

        private record Numbers(Normalization.Saved query, Normalization.Saved key, Tensor out) implements Saved {}

        private final Backend backend;
        private final AttentionShape shape;
        private final RmsNorm query;
        private final RmsNorm key;

        OverAllHeads(Backend backend, ModelConfig config, AttentionShape shape, List<String> names) {
            this.backend = backend;
            this.shape = shape;
            query = new RmsNorm(backend, config, names.get(0), shape.queryColumns());
            key = new RmsNorm(backend, config, names.get(1), shape.keyColumns());
        }

        @Override
        public Saved forward(Parameters weights, Tensor fused, Workspace workspace) {
            Tensor queries = workspace.tensor(fused.rows(), shape.queryColumns());
            Tensor keys = workspace.tensor(fused.rows(), shape.keyColumns());
            Tensor out = workspace.tensor(fused.rows(), fused.columns());
            Numbers numbers = new Numbers(
                    query.forward(weights, queries(fused, workspace), queries, workspace),
                    key.forward(weights, keys(fused, workspace), keys, workspace),
                    out);
            join(queries, keys, fused, out);
            return numbers;
        }

        @Override
        public void backward(Saved saved, Tensor gradient, Parameters gradients, Workspace workspace) {
            Numbers numbers = (Numbers) saved;
            Workspace.Mark mark = workspace.mark();
            Tensor dQueries = workspace.zeros(gradient.rows(), shape.queryColumns());
            Tensor dKeys = workspace.zeros(gradient.rows(), shape.keyColumns());
            query.backward(numbers.query, queries(gradient, workspace), dQueries, gradients, workspace);
            key.backward(numbers.key, keys(gradient, workspace), dKeys, gradients, workspace);
            Tensor turned = workspace.tensor(gradient.rows(), gradient.columns());
            join(dQueries, dKeys, gradient, turned);
            backend.copy(turned, gradient);
            workspace.release(mark);
        }

        private Tensor queries(Tensor fused, Workspace workspace) {
            Tensor queries = workspace.zeros(fused.rows(), shape.queryColumns());
            backend.addColumns(fused, 0, queries, 0, shape.queryColumns());
            return queries;
        }

        private Tensor keys(Tensor fused, Workspace workspace) {
            Tensor keys = workspace.zeros(fused.rows(), shape.keyColumns());
            backend.addColumns(fused, shape.queryColumns(), keys, 0, shape.keyColumns());
            return keys;
        }

        /** These queries and keys with the values of {@code fused}. */
        private void join(Tensor queries, Tensor keys, Tensor fused, Tensor out) {
            int values = shape.queryColumns() + shape.keyColumns();
            backend.zero(out);
            backend.addColumns(queries, 0, out, 0, shape.queryColumns());
            backend.addColumns(keys, 0, out, shape.queryColumns(), shape.keyColumns());
            backend.addColumns(fused, values, out, values, shape.keyColumns());
        }
    }
}
