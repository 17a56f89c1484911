package ai.rpo.bench;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.train.AdamW;
import ai.rpo.core.train.LearningRateSchedule;
import ai.rpo.core.train.TrainPlan;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.Trainer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;

/** Trains a small real model as PyTorch once did, and compares each step's loss and gradient norm. */
final class StoriesCurve {

    /** Relative; curves of float32 that are computed in another order drift apart by this much in 48 steps. */
    private static final double TOLERANCE = 0.01;

    private static final int ROWS = 2048;

    private StoriesCurve() {}

    /** @param options {@code shared} is the folder with the model and PyTorch's curve; {@code steps} of it are compared */
    static void compare(BenchmarkOptions options, ObjectNode result) throws IOException {
        Path shared = Path.of(options.text("shared", "../shared"));
        JsonNode golden = new ObjectMapper()
                .readTree(shared.resolve("golden/stories260k_run.json").toFile());
        ModelDirectory model = ModelDirectory.open(shared.resolve("models/stories260k"));
        JsonNode run = golden.get("runs").get("rpo");
        int total = run.get("steps").size();
        int size = golden.get("batch").asInt();
        Backend backend = options.open();
        TrainPlan plan = new TrainPlan(
                Files.readString(shared.resolve("models/stories260k/config.json")),
                null,
                0,
                RpoObjective.paper(golden.get("beta").asDouble(), run.get("eta").asDouble()),
                AdamW.withDefaults(0),
                TrainSettings.OptimizerDevice.DEVICE,
                new LearningRateSchedule(golden.get("lr").asDouble(), total / 10, total, TrainSettings.Schedule.COSINE),
                ROWS,
                false,
                golden.get("max_grad_norm").asDouble(),
                0,
                options.precision(),
                options.threads());
        List<TrainingExample> pairs = pairs(golden.get("pairs"));
        double loss = 0;
        double norm = 0;
        int steps = Math.min(total, options.number("steps", total));
        try (Trainer trainer = new Trainer(plan, backend)) {
            new Parameters(ParameterLayout.of(model.config()), trainer.state().parameters()).load(model.weights());
            for (int step = 0; step < steps; step++) {
                int from = step * size % pairs.size();
                StepMetrics metrics = trainer.step(pairs.subList(from, from + size));
                JsonNode expected = run.get("steps").get(step);
                loss = Math.max(loss, off(expected.get("loss"), metrics.mean("loss")));
                norm = Math.max(norm, off(expected.get("grad_norm"), metrics.mean("grad_norm")));
            }
        }
        result.put("steps", steps);
        result.put("of_steps", total);
        result.put("largest_error_of_loss", loss);
        result.put("largest_error_of_gradient_norm", norm);
        result.put("agrees", loss < TOLERANCE);
    }

    private static double off(JsonNode expected, double actual) {
        return Math.abs(actual / expected.asDouble() - 1);
    }

    private static List<TrainingExample> pairs(JsonNode rows) {
        List<TrainingExample> pairs = new ArrayList<>();
        for (JsonNode row : rows) {
            pairs.add(new TrainingExample(
                    pairs.size(),
                    new Example(ids(row.get("prompt")), List.of(ids(row.get("chosen")), ids(row.get("rejected")))),
                    new double[] {
                        row.get("ref_chosen_logp").asDouble(),
                        row.get("ref_rejected_logp").asDouble()
                    }));
        }
        return pairs;
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
