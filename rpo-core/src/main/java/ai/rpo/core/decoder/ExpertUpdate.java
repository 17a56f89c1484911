package ai.rpo.core.decoder;

import ai.rpo.core.model.ExpertParameter;
import ai.rpo.core.model.Lora;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.Optional;

/** Computes what an adapter adds to one expert's projection: {@code scale·(x·Aᵀ)·Bᵀ}, with its part of the A and B of all experts. */
final class ExpertUpdate implements Projection.Update {

    private final Backend backend;
    private final ExpertParameter all;
    private final int expert;
    private final String a;
    private final String b;
    private final int rank;
    private final double scale;

    private ExpertUpdate(Backend backend, Lora lora, ExpertParameter all, int expert) {
        this.backend = backend;
        this.all = all;
        this.expert = expert;
        a = lora.a(all) + ".weight";
        b = lora.b(all) + ".weight";
        rank = lora.rank(all.name());
        scale = lora.scale(all.name());
    }

    /** @return empty if there is no adapter, or it leaves this projection alone */
    static Optional<ExpertUpdate> of(Backend backend, Optional<Lora> lora, ExpertParameter all, int expert) {
        return lora.filter(adapter -> adapter.parameters().contains(all.name()))
                .map(adapter -> new ExpertUpdate(backend, adapter, all, expert));
    }

    @Override
    public void forward(Parameters weights, Tensor x, TokenRows batch, Tensor out, Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        backend.linear(reduced(weights, x, workspace), b(weights), out, true);
        workspace.release(mark);
    }

    @Override
    public Tensor backward(
            Parameters weights, Tensor x, PackedBatch batch, Tensor dOut, Parameters gradients, Workspace workspace) {
        Tensor dReduced = workspace.tensor(x.rows(), rank);
        backend.linearBackwardInput(dOut, b(weights), dReduced, false);
        backend.scale(dReduced, scale);
        backend.linearBackwardWeight(dReduced, x, a(gradients));
        Workspace.Mark mark = workspace.mark();
        backend.linearBackwardWeight(dOut, reduced(weights, x, workspace), b(gradients));
        workspace.release(mark);
        return dReduced;
    }

    @Override
    public void backwardInput(Parameters weights, Tensor dReduced, PackedBatch batch, Tensor dX, Workspace workspace) {
        backend.linearBackwardInput(dReduced, a(weights), dX, true);
    }

    /** {@code scale·x·Aᵀ [tokens, rank]}, in the workspace. */
    private Tensor reduced(Parameters weights, Tensor x, Workspace workspace) {
        Tensor reduced = workspace.tensor(x.rows(), rank);
        backend.linear(x, a(weights), reduced, false);
        backend.scale(reduced, scale);
        return reduced;
    }

    private Tensor a(Parameters parameters) {
        return parameters.part(a, expert, all.experts(), rank, all.in());
    }

    private Tensor b(Parameters parameters) {
        return parameters.part(b, expert, all.experts(), all.out(), rank);
    }
}
