package ai.rpo.bench;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.MicroBatches;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.WorkerResources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Makes the work that is timed: whole steps on a batch, in passes over at most so many token rows. */
final class Steps {

    private static final int TOKENS_PER_PASS = 4096;
    private static final int THREADS = Runtime.getRuntime().availableProcessors();

    private Steps() {}

    /** @param pairs of a batch */
    static Consumer<List<TrainingExample>> of(StepOptions options, int pairs) throws IOException {
        return options.train()
                ? train(options, pairs)
                : score(options.shape(), Backends.create(options.precision(), THREADS));
    }

    private static Consumer<List<TrainingExample>> train(StepOptions options, int pairs) throws IOException {
        Shape shape = options.shape();
        TrainSettings settings = settings(pairs, options.recompute());
        RpoObjective loss = RpoObjective.paper(0.01, 0.005);
        Optional<LoraSettings> lora = options.lora();
        if (lora.isPresent()) {
            Path folder = Files.createTempDirectory("rpo-bench-");
            Trainable adapter = shape.adapter(lora.get(), folder);
            Weights frozen = adapter.start().with(lora.get().basePrecision()).weights();
            PolicyNetwork network =
                    PolicyNetwork.create(TrainPlan.of(adapter, loss, settings, options.precision(), 1000, THREADS));
            network.freeze(backend -> Parameters.readOnly(shape.config(), frozen, backend));
            new Parameters(adapter.layout(), network.state().parameters()).load(adapter.initial());
            for (String file : List.of("config.json", "model.safetensors", "")) {
                Files.delete(folder.resolve(file));
            }
            return network::step;
        }
        PolicyNetwork network =
                PolicyNetwork.create(TrainPlan.of(shape.json(), loss, settings, options.precision(), 1000, THREADS));
        shape.initialise(network.state().parameters());
        return network::step;
    }

    private static TrainSettings settings(int pairs, boolean recompute) {
        return new TrainSettings(
                1,
                pairs,
                TOKENS_PER_PASS,
                recompute,
                5e-7,
                0,
                TrainSettings.Schedule.CONSTANT,
                TrainSettings.Optimizer.ADAMW,
                TrainSettings.OptimizerDevice.AUTO,
                0,
                1,
                0,
                false,
                1,
                1,
                1,
                0,
                0,
                1,
                OuterSettings.average(),
                WorkerResources.OF_ANY_TASK);
    }

    /** Scores a batch. */
    static Consumer<List<TrainingExample>> score(Shape shape, Backend backend) {
        Parameters weights = Parameters.readOnly(shape.config(), shape.weights(), backend);
        ReferenceScorer scorer = new ReferenceScorer(new Decoder(shape.config(), backend), weights);
        return batch -> MicroBatches.of(batch, row -> row.example().packedRows(), TOKENS_PER_PASS)
                .forEach(part -> scorer.completionLogps(
                        part.stream().map(TrainingExample::example).toList()));
    }
}
