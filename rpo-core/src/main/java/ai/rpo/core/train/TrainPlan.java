package ai.rpo.core.train;

import ai.rpo.core.model.AdapterConfig;
import ai.rpo.core.model.Lora;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.tensor.Precision;
import java.io.Serializable;
import java.util.Optional;

/**
 * Says how one worker trains; travels to executors by Java serialisation.
 *
 * @param modelConfig text of config.json
 * @param adapterConfig text of adapter_config.json where an adapter's matrices are trained; null where all weights are
 * @param dropoutSeed of what an adapter's dropout drops
 * @param objective what is minimised
 * @param optimizer how parameters are updated
 * @param optimizerDevice where its state lies, when a device computes
 * @param rate learning rate of each step
 * @param tokensPerMicroBatch packed rows computed at once
 * @param recompute whether activations are computed again on the way back (gradient checkpointing)
 * @param maxGradNorm global gradient norm above which the gradient is scaled down; 0 for none
 * @param balanceWeight of the loss that balances the use of experts; 0 for none
 * @param precision to what products may round their inputs
 * @param threads cores that one worker may use
 */
public record TrainPlan(
        String modelConfig,
        String adapterConfig,
        long dropoutSeed,
        Objective objective,
        Optimizer optimizer,
        TrainSettings.OptimizerDevice optimizerDevice,
        LearningRateSchedule rate,
        int tokensPerMicroBatch,
        boolean recompute,
        double maxGradNorm,
        double balanceWeight,
        Precision precision,
        int threads)
        implements Serializable {

    /**
     * Makes the plan of training all weights.
     *
     * @param totalSteps optimizer steps of the whole run, which the schedule spans
     */
    public static TrainPlan of(
            String modelConfig,
            Objective objective,
            TrainSettings settings,
            Precision precision,
            long totalSteps,
            int threads) {
        return of(modelConfig, null, objective, settings, precision, totalSteps, threads);
    }

    /** Makes the plan of training what is to be trained; where that is an adapter, the trainer then needs its base. */
    public static TrainPlan of(
            Trainable trainable,
            Objective objective,
            TrainSettings settings,
            Precision precision,
            long totalSteps,
            int threads) {
        ModelDirectory start = trainable.start();
        settings.requireFor(start.config());
        String adapter = trainable
                .lora()
                .map(lora -> AdapterConfig.text(start.config(), lora, ""))
                .orElse(null);
        return of(start.configJson(), adapter, objective, settings, precision, totalSteps, threads);
    }

    private static TrainPlan of(
            String modelConfig,
            String adapterConfig,
            Objective objective,
            TrainSettings settings,
            Precision precision,
            long totalSteps,
            int threads) {
        return new TrainPlan(
                modelConfig,
                adapterConfig,
                adapterConfig == null ? 0 : settings.seed(),
                objective,
                Optimizer.of(settings),
                settings.optimizerDevice(),
                LearningRateSchedule.of(settings, totalSteps),
                settings.tokensPerMicroBatch(),
                settings.recompute(),
                settings.maxGradNorm(),
                settings.routerAuxLossCoef(),
                precision,
                threads);
    }

    /** Returns the plan of a training that goes on with the moments of another, after so many steps. */
    public TrainPlan withMomentsAfter(long steps) {
        return new TrainPlan(
                modelConfig,
                adapterConfig,
                dropoutSeed,
                objective,
                optimizer.after(steps),
                optimizerDevice,
                rate,
                tokensPerMicroBatch,
                recompute,
                maxGradNorm,
                balanceWeight,
                precision,
                threads);
    }

    ModelConfig model() {
        return ModelConfigParser.parse(modelConfig, "config.json");
    }

    Optional<Lora> lora() {
        return Optional.ofNullable(adapterConfig).map(text -> AdapterConfig.parse(text, model()));
    }

    /** Returns how the trained parameters lie. */
    ParameterLayout layout() {
        ModelConfig config = model();
        return lora().map(lora -> ParameterLayout.of(config, lora)).orElseGet(() -> ParameterLayout.of(config));
    }
}
