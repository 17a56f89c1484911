package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;

/** Token ids to the first rows of the residual stream: a table's rows, scaled, and learned positions if there are any. */
final class Embedding {

    private final Backend backend;
    private final String tokens;
    private final Optional<String> positions;
    private final double scale;
    private final int columns;

    Embedding(Backend backend, ModelConfig config) {
        Architecture architecture = config.architecture();
        this.backend = backend;
        tokens = architecture.names().embedding() + ".weight";
        positions = architecture.names().positions().map(name -> name + ".weight");
        scale = architecture.multipliers().embedding();
        columns = config.hiddenSize();
    }

    /** {@code [tokens, hidden]}. */
    Tensor forward(Parameters weights, TokenRows batch, Workspace workspace) {
        Tensor x = workspace.tensor(batch.rows(), columns);
        backend.gatherRows(weights.get(tokens), batch.tokens(), x);
        if (scale != 1) {
            backend.scale(x, scale);
        }
        positions.ifPresent(name -> {
            Workspace.Mark mark = workspace.mark();
            Tensor added = workspace.tensor(batch.rows(), columns);
            backend.gatherRows(weights.get(name), batch.positions(), added);
            backend.add(added, x);
            workspace.release(mark);
        });
        return x;
    }

    /** Adds to the tables' gradients, unless they are frozen; {@code gradient} is used up. */
    void backward(PackedBatch batch, Tensor gradient, Parameters gradients) {
        positions
                .filter(gradients::hold)
                .ifPresent(name -> backend.scatterAddRows(gradient, batch.positions(), gradients.get(name)));
        if (!gradients.hold(tokens)) {
            return;
        }
        if (scale != 1) {
            backend.scale(gradient, scale);
        }
        backend.scatterAddRows(gradient, batch.tokens(), gradients.get(tokens));
    }
}
