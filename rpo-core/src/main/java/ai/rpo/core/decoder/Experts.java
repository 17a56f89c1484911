package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A mixture of experts (arXiv 1701.06538): a router chooses some of many feed-forwards for each token, and adds up what they
 * make of it. The rows of an expert are brought together, so that each of its projections is one product over them.
 */
final class Experts implements Branch.Part<Experts.Saved> {

    /**
     * @param logits of the router, {@code [tokens, experts]}
     * @param gathered inputs in the order of experts, {@code [places, hidden]}
     * @param computed what the experts made of those
     * @param shared of the expert that every token goes through; null where there is none
     */
    record Saved(
            Routing routing,
            Tensor logits,
            Tensor gathered,
            FeedForward.Saved inner,
            Tensor computed,
            SharedExpert.Saved shared) {}

    private interface Rows {
        void of(FeedForward expert, int from, int to);
    }

    private final Backend backend;
    private final Architecture.Mixture mixture;
    private final Projection router;
    private final List<FeedForward> experts;
    private final Optional<SharedExpert> shared;

    Experts(Backend backend, ModelConfig config, Optional<Lora> lora, Architecture.Mixture mixture, int layer) {
        this.backend = backend;
        this.mixture = mixture;
        Architecture architecture = config.architecture();
        router = Projection.of(
                backend,
                List.of(architecture.names().block(layer) + mixture.names().router()),
                architecture.biases().feedForward(),
                architecture.names().inputMajor(),
                Optional.empty());
        experts = IntStream.range(0, mixture.experts())
                .mapToObj(expert -> FeedForward.ofExpert(backend, config, lora, mixture, layer, expert))
                .toList();
        shared = SharedExpert.of(backend, config, mixture, layer);
    }

    /** Keeps the rows that it is given. */
    @Override
    public Saved forward(
            Parameters weights,
            Tensor x,
            TokenRows batch,
            TokenRows kept,
            Tensor out,
            boolean accumulate,
            Workspace workspace) {
        Tensor logits = workspace.tensor(x.rows(), mixture.experts());
        router.forward(weights, x, batch, logits, false, workspace);
        Routing routing = new Routing(mixture, logits.toArray());
        int places = routing.places();
        Tensor gathered = workspace.tensor(places, x.columns());
        FeedForward.Saved inner = experts.get(0).scratch(places, workspace);
        Tensor computed = workspace.tensor(places, x.columns());
        backend.gatherRows(x, routing.tokens(), gathered);
        eachWithRows(
                routing,
                (expert, from, to) -> expert.forward(
                        weights,
                        gathered.rows(from, to),
                        batch,
                        inner.rows(from, to),
                        computed.rows(from, to),
                        false,
                        workspace));
        if (!accumulate) {
            backend.zero(out);
        }
        backend.mixRows(computed, routing.rows(), routing.shares(), out);
        SharedExpert.Saved savedOfShared = shared.map(expert -> expert.forward(weights, x, batch, out, workspace))
                .orElse(null);
        return new Saved(routing, logits, gathered, inner, computed, savedOfShared);
    }

    @Override
    public void backward(
            Parameters weights,
            Saved saved,
            Tensor x,
            PackedBatch batch,
            PackedBatch kept,
            Tensor dOut,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        Routing routing = saved.routing;
        Tensor dComputed = saved.computed;
        double[] dShares = new double[routing.places()];
        backend.mixRowsBackward(saved.computed, routing.rows(), routing.shares(), dOut, dComputed, dShares);
        Tensor dLogits = saved.logits;
        backend.set(routing.backward(dShares), dLogits);
        router.backward(weights, x, batch, dLogits, dX, gradients, workspace);
        Tensor dGathered = saved.gathered;
        eachWithRows(
                routing,
                (expert, from, to) -> expert.backward(
                        weights,
                        saved.inner.rows(from, to),
                        saved.gathered.rows(from, to),
                        batch,
                        dComputed.rows(from, to),
                        dGathered.rows(from, to),
                        gradients,
                        workspace));
        backend.mixRows(dGathered, routing.rows(), routing.wholeShares(), dX);
        shared.ifPresent(expert -> expert.backward(weights, saved.shared, x, batch, dOut, dX, gradients, workspace));
    }

    private void eachWithRows(Routing routing, Rows body) {
        for (int e = 0; e < experts.size(); e++) {
            if (routing.start(e) < routing.start(e + 1)) {
                body.of(experts.get(e), routing.start(e), routing.start(e + 1));
            }
        }
    }
}
