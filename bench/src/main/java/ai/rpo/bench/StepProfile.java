package ai.rpo.bench;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Backends;
import ai.rpo.core.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Says where the time of a gradient computation goes, or of scoring: {@code SHAPE PROMPT RESPONSE PAIRS STEPS [bf16]
 * [recompute|score]}, or {@code SHAPE ROWS.jsonl STEPS …}. A row per operation, the longest first; the optimizer's part of
 * a step is not in it. Then the memory of the passes.
 */
public final class StepProfile {

    private static final int WARM_UP = 4;
    private static final int TOKENS_PER_MICRO_BATCH = 4096;

    private StepProfile() {}

    public static void main(String[] args) throws IOException {
        Shape shape = Shape.valueOf(args[0].toUpperCase(Locale.ROOT));
        boolean real = args[1].endsWith(".jsonl");
        List<TrainingExample> batch = real
                ? RowsFile.read(Path.of(args[1]))
                : shape.pairs(Integer.parseInt(args[3]), Integer.parseInt(args[1]), Integer.parseInt(args[2]));
        int steps = Integer.parseInt(args[real ? 2 : 4]);
        List<String> options = List.of(args);
        Precision precision = options.contains("bf16") ? Precision.BFLOAT16 : Precision.FLOAT32;
        Backend backend = Backends.create(precision, Runtime.getRuntime().availableProcessors());
        TimedBackend timed = new TimedBackend(backend);
        Runnable step = options.contains("score")
                ? score(shape, batch, timed.backend())
                : gradient(shape, batch, options.contains("recompute"), backend, timed.backend());
        for (int i = 0; i < WARM_UP; i++) {
            step.run();
        }
        timed.reset();
        long start = System.nanoTime();
        for (int i = 0; i < steps; i++) {
            step.run();
        }
        timed.print(steps, (System.nanoTime() - start) / 1e6 / steps);
        System.out.printf(
                Locale.ROOT, "workspace of the passes: %.0f MB%n", timed.largestAllocation() * 4.0 / (1 << 20));
    }

    private static Runnable gradient(
            Shape shape, List<TrainingExample> batch, boolean recompute, Backend backend, Backend timed) {
        ParameterLayout layout = ParameterLayout.of(shape.config());
        Parameters weights = new Parameters(layout, backend.allocate(layout.size()));
        Parameters gradients = new Parameters(layout, backend.allocate(layout.size()));
        shape.initialise(weights.storage());
        BatchGradient gradient = new BatchGradient(
                new Decoder(shape.config(), timed), RpoObjective.paper(0.01, 0.005), TOKENS_PER_MICRO_BATCH, recompute);
        return () -> gradient.add(weights, batch, gradients);
    }

    private static Runnable score(Shape shape, List<TrainingExample> batch, Backend timed) {
        Consumer<List<TrainingExample>> score = Steps.score(shape, timed);
        return () -> score.accept(batch);
    }
}
