package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;
import java.util.function.Function;

/**
 * One transformer block: attention and feed-forward, each added to the residual stream. It may be told to keep only some
 * rows: of the last block's rows only those are needed that predict a token, and the keys and values of the others.
 */
final class Block {

    record Saved(Branch.Saved<?> attention, Branch.Saved<?> feedForward) {

        /** Tells how tokens went to experts, where the feed-forward is a mixture of them. */
        Optional<Routing> routing() {
            return feedForward.part() instanceof Experts.Saved experts
                    ? Optional.of(experts.routing())
                    : Optional.empty();
        }
    }

    private final Backend backend;
    private final boolean parallel;
    private final Branch<?> attention;
    private final Branch<?> feedForward;

    /** @param rotary of the layer */
    Block(Backend backend, ModelConfig config, Optional<Lora> lora, RotaryTable rotary, int layer) {
        this.backend = backend;
        Architecture architecture = config.architecture();
        WeightNames names = architecture.names();
        Function<String, Normalization> norm = name -> Normalization.of(backend, config, names.block(layer) + name);
        double multiplier = architecture.multipliers().residual();
        parallel = architecture.residual() == Architecture.Residual.PARALLEL;
        attention = new Branch<>(
                backend,
                names.attention().norm().map(norm),
                new Attention(backend, config, lora, rotary, layer),
                names.attention().afterNorm().map(norm),
                multiplier);
        feedForward = new Branch<>(
                backend,
                names.feedForward().norm().map(norm),
                feedForward(backend, config, lora, layer),
                names.feedForward().afterNorm().map(norm),
                multiplier);
    }

    private static Branch.Part<?> feedForward(Backend backend, ModelConfig config, Optional<Lora> lora, int layer) {
        return config.architecture()
                .mixture(layer)
                .<Branch.Part<?>>map(mixture -> new Experts(backend, config, lora, mixture, layer))
                .orElseGet(() -> FeedForward.of(backend, config, lora, layer));
    }

    /**
     * Computes {@code out} from {@code x [tokens, hidden]}; what it saves lies in the workspace.
     *
     * @param kept the batch, or only those of its rows that predict a token
     * @param out {@code [tokens kept, hidden]}
     */
    Saved forward(Parameters weights, Tensor x, TokenRows batch, TokenRows kept, Tensor out, Workspace workspace) {
        if (parallel) {
            Tensor keptOfX = kept == batch ? x : kept(x, batch, kept, workspace);
            backend.copy(keptOfX, out);
            return new Saved(
                    attention.forward(weights, x, batch, kept, out, workspace),
                    feedForward.forward(weights, keptOfX, kept, kept, out, workspace));
        }
        Tensor middle = kept(x, batch, kept, workspace);
        Branch.Saved<?> savedOfAttention = attention.forward(weights, x, batch, kept, middle, workspace);
        backend.copy(middle, out);
        return new Saved(savedOfAttention, feedForward.forward(weights, middle, kept, kept, out, workspace));
    }

    private Tensor kept(Tensor x, TokenRows batch, TokenRows kept, Workspace workspace) {
        Tensor copy = workspace.tensor(kept.rows(), x.columns());
        if (kept == batch) {
            backend.copy(x, copy);
        } else {
            backend.gatherRows(x, ((PackedBatch) batch).predictingRows(), copy);
        }
        return copy;
    }

    /**
     * Turns the gradient of the block's output into that of its input, in place where all rows were kept.
     *
     * @param saved is used up
     * @param gradient of the rows kept; used up
     * @param dX zeros that receive the gradient of all rows; {@code gradient} itself where all were kept
     */
    void backward(
            Parameters weights,
            Saved saved,
            PackedBatch batch,
            PackedBatch kept,
            Tensor gradient,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        Tensor ofAttention = gradient;
        if (parallel) {
            ofAttention = workspace.tensor(gradient.rows(), gradient.columns());
            backend.copy(gradient, ofAttention);
        }
        saved.feedForward.backward(weights, kept, kept, gradient, gradient, gradients, workspace);
        if (kept != batch) {
            backend.scatterAddRows(gradient, batch.predictingRows(), dX);
        }
        saved.attention.backward(weights, batch, kept, ofAttention, dX, gradients, workspace);
    }
}
