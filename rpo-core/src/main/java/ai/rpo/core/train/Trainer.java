package ai.rpo.core.train;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.NonFiniteException;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Noise;
import ai.rpo.core.tensor.Storage;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Takes optimizer steps on a {@link TrainState}: gradient of the objective over a batch, clipping by the global norm,
 * update. Memory for gradients and passes is taken with the first step, so that a trainer which only holds a state
 * costs no more.
 *
 * <p>Not safe for concurrent use.
 */
public final class Trainer implements AutoCloseable {

    /** PyTorch's {@code clip_grad_norm_} adds it to the norm. */
    private static final double CLIP_EPSILON = 1e-6;

    private final TrainPlan plan;
    private final Backend backend;
    private final Backend home;
    private final ParameterLayout layout;
    private final TrainState state;
    private Parameters frozen;
    private Passes passes;

    /** @param backend computes, and owns the memory of state and gradients */
    public Trainer(TrainPlan plan, Backend backend) {
        this(plan, backend, backend);
    }

    /**
     * @param backend computes, and owns the memory of gradients
     * @param home takes the optimizer's steps, and owns the memory of the state; where it is another backend, the first one
     *     has a copy of the trained weights, which is written anew for each step
     */
    public Trainer(TrainPlan plan, Backend backend, Backend home) {
        this.plan = plan;
        this.backend = backend;
        this.home = home;
        layout = plan.layout();
        state = TrainState.allocate(home, layout.size(), plan.optimizer());
    }

    /** Holds what only steps need. */
    private record Passes(
            BatchGradient batch,
            Parameters weights,
            Parameters gradients,
            FlatVector flat,
            Optional<AwayFromHome> away) {}

    /** Returns what steps change. */
    public TrainState state() {
        return state;
    }

    /** Allocates as many zeros as there are trained parameters, where those lie. */
    public Storage zerosLikeParameters() {
        return home.allocate(layout.size());
    }

    /**
     * Sets the weights under an adapter; they are shared, and only read.
     *
     * @param model gives them for a backend
     */
    public void freeze(Function<Backend, Parameters> model) {
        frozen = model.apply(backend);
        forget();
    }

    /**
     * Takes one optimizer step.
     *
     * @throws NonFiniteException if a log-probability or the gradient's norm is not finite, and then the state is as it
     *     was
     */
    public StepMetrics step(List<TrainingExample> batch) {
        Passes ready = passes();
        ready.away.ifPresent(away -> away.refresh(state.parameters()));
        ready.flat.zero();
        long noise = Noise.of(plan.dropoutSeed(), state.step());
        StepMetrics metrics = ready.batch.add(ready.weights, batch, noise, ready.gradients);
        clip(ready.flat, batch, metrics);
        Storage gradient = ready.gradients.storage();
        double rate = plan.rate().at(state.step());
        if (ready.away.isPresent()) {
            ready.away.get().step(plan.optimizer(), state, gradient, rate);
        } else {
            plan.optimizer().step(state, gradient, layout, rate, home);
        }
        state.setStep(state.step() + 1);
        return metrics;
    }

    private void clip(FlatVector gradient, List<TrainingExample> batch, StepMetrics metrics) {
        double norm = gradient.norm();
        if (!Double.isFinite(norm)) {
            throw new NonFiniteException("the gradient norm", batch);
        }
        metrics.putStep("grad_norm", norm);
        double limit = plan.maxGradNorm();
        if (limit > 0 && norm + CLIP_EPSILON > limit) {
            gradient.scale(limit / (norm + CLIP_EPSILON));
        }
    }

    private Passes passes() {
        if (passes == null) {
            Decoder decoder = new Decoder(plan.model(), plan.lora(), backend);
            Optional<AwayFromHome> away =
                    home == backend ? Optional.empty() : Optional.of(new AwayFromHome(plan, backend, home));
            Parameters trained =
                    away.map(AwayFromHome::weights).orElseGet(() -> new Parameters(layout, state.parameters()));
            Storage gradient = backend.allocate(layout.size());
            passes = new Passes(
                    new BatchGradient(
                            decoder,
                            plan.objective(),
                            plan.tokensPerMicroBatch(),
                            plan.recompute(),
                            plan.balanceWeight()),
                    frozen == null ? trained : trained.over(frozen),
                    new Parameters(layout, gradient),
                    FlatVector.of(gradient, backend),
                    away);
        }
        return passes;
    }

    private void forget() {
        if (passes != null) {
            passes.batch.close();
            passes.gradients.storage().free();
            passes.away.ifPresent(AwayFromHome::free);
            passes = null;
        }
    }

    /** Gives back all memory outside the heap that is not shared with other trainers. */
    @Override
    public void close() {
        forget();
        state.free();
    }
}
