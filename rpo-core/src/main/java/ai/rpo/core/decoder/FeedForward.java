package ai.rpo.core.decoder;

import ai.rpo.core.model.Architecture;
import ai.rpo.core.model.ExpertParameter;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.WeightNames;
import ai.rpo.core.tensor.Activation;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.ClampedGate;
import ai.rpo.core.tensor.Tensor;
import ai.rpo.core.tensor.Workspace;
import java.util.List;
import java.util.Optional;

/**
 * The feed-forward, gated as in Llama-like models (arXiv 2002.05202), {@code down(activation(gate(x))·up(x))}, or
 * plain, {@code down(activation(up(x)))}.
 */
final class FeedForward implements Branch.Part<FeedForward.Saved> {

    /** Holds what enters the activation, gate and up side by side; what leaves it is computed again on the way back. */
    record Saved(Tensor before) {

        Saved rows(int from, int to) {
            return new Saved(before.rows(from, to));
        }
    }

    private final Backend backend;
    private final Activation activation;
    private final boolean gated;
    private final Optional<ClampedGate> clamped;
    private final int columns;
    private final Projection input;
    private final Projection output;

    private FeedForward(
            Backend backend,
            ModelConfig config,
            Optional<ClampedGate> clamped,
            int columns,
            Projection input,
            Projection output) {
        this.backend = backend;
        activation = config.activation();
        gated = config.architecture().gatedFeedForward();
        this.clamped = clamped;
        this.columns = columns;
        this.input = input;
        this.output = output;
    }

    /** The one of a layer. */
    static FeedForward of(Backend backend, ModelConfig config, Optional<Lora> lora, int layer) {
        WeightNames.FeedForward names = config.architecture().names().feedForward();
        String block = config.architecture().names().block(layer);
        List<String> inputs = names.input().stream().map(block::concat).toList();
        return new FeedForward(
                backend,
                config,
                Optional.empty(),
                config.intermediateSize(),
                projection(backend, config, lora, inputs),
                projection(backend, config, lora, List.of(block + names.output())));
    }

    /** One of a layer's experts. */
    static FeedForward ofExpert(
            Backend backend,
            ModelConfig config,
            Optional<Lora> lora,
            Architecture.Mixture mixture,
            int layer,
            int expert) {
        WeightNames.Experts names = mixture.names();
        String block = config.architecture().names().block(layer);
        Projection input;
        Projection output;
        if (names.stacked()) {
            String all = block + names.all();
            input = Projection.ofExpert(backend, all + names.input().get(0), expert, mixture.experts());
            output = Projection.ofExpert(backend, all + names.output(), expert, mixture.experts());
        } else {
            String before = block + names.expert(expert);
            List<String> inputs = names.input().stream().map(before::concat).toList();
            input = projection(backend, config, Optional.empty(), inputs);
            output = projection(backend, config, Optional.empty(), List.of(before + names.output()));
        }
        return new FeedForward(
                backend,
                config,
                mixture.gate(),
                mixture.columns(),
                input.with(ExpertUpdate.of(backend, lora, ExpertParameter.input(config, mixture, layer), expert)),
                output.with(ExpertUpdate.of(backend, lora, ExpertParameter.output(config, mixture, layer), expert)));
    }

    /** The one of a layer with experts that every token goes through. */
    static FeedForward ofSharedExpert(Backend backend, ModelConfig config, Architecture.Mixture mixture, int layer) {
        WeightNames.Experts names = mixture.names();
        String before = config.architecture().names().block(layer)
                + names.shared().orElseThrow().before();
        List<String> inputs = names.input().stream().map(before::concat).toList();
        return new FeedForward(
                backend,
                config,
                mixture.gate(),
                mixture.sharedColumns(),
                projection(backend, config, Optional.empty(), inputs),
                projection(backend, config, Optional.empty(), List.of(before + names.output())));
    }

    private static Projection projection(Backend backend, ModelConfig config, Optional<Lora> lora, List<String> names) {
        boolean biased = config.architecture().biases().feedForward();
        return Projection.of(
                backend, names, biased, config.architecture().names().inputMajor(), lora);
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
        Saved saved = scratch(x.rows(), workspace);
        forward(weights, x, batch, saved, out, accumulate, workspace);
        return saved;
    }

    /** Allocates what so many rows save, without numbers yet. */
    Saved scratch(int rows, Workspace workspace) {
        return new Saved(workspace.tensor(rows, gated ? 2 * columns : columns));
    }

    /** Computes a pass that saves where it is told to. */
    void forward(
            Parameters weights,
            Tensor x,
            TokenRows batch,
            Saved saved,
            Tensor out,
            boolean accumulate,
            Workspace workspace) {
        input.forward(weights, x, batch, saved.before, false, workspace);
        Workspace.Mark mark = workspace.mark();
        output.forward(weights, activated(saved, workspace), batch, out, accumulate, workspace);
        workspace.release(mark);
    }

    private Tensor activated(Saved saved, Workspace workspace) {
        Tensor activated = workspace.tensor(saved.before.rows(), columns);
        if (clamped.isPresent()) {
            backend.clampedGate(saved.before, clamped.get(), activated);
        } else if (gated) {
            backend.gatedActivation(saved.before, activation, activated);
        } else {
            backend.activation(saved.before, activation, activated);
        }
        return activated;
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
        backward(weights, saved, x, batch, dOut, dX, gradients, workspace);
    }

    /** Goes back through a pass; {@code dX} may be {@code x} itself. */
    void backward(
            Parameters weights,
            Saved saved,
            Tensor x,
            PackedBatch batch,
            Tensor dOut,
            Tensor dX,
            Parameters gradients,
            Workspace workspace) {
        Workspace.Mark mark = workspace.mark();
        Tensor activated = activated(saved, workspace);
        Tensor dActivated = activated;
        output.backward(weights, activated, batch, dOut, dActivated, gradients, workspace);
        Tensor dBefore = saved.before;
        if (clamped.isPresent()) {
            backend.clampedGateBackward(saved.before, clamped.get(), dActivated, dBefore);
        } else if (gated) {
            backend.gatedActivationBackward(saved.before, activation, dActivated, dBefore);
        } else {
            backend.activationBackward(saved.before, activation, dActivated, dBefore);
        }
        input.backward(weights, x, batch, dBefore, dX, gradients, workspace);
        workspace.release(mark);
    }
}
