package ai.rpo.core.reward;

import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.decoder.StackedExperts;
import ai.rpo.core.loss.BatchGradient;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Weights;
import ai.rpo.core.objective.BradleyTerry;
import ai.rpo.core.score.ReferenceScorer;
import ai.rpo.core.tensor.Backend;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/** A small reward model with what PyTorch computed for it in double precision. */
public record RewardGolden(Path folder, ModelDirectory model, JsonNode expected) {

    /** Share of the whole gradient's norm below which a weight has none: an expert that no token chose. */
    private static final double NOTHING = 1e-6;

    /** One of those that {@code rewards/make_rewards.py} made. */
    public static RewardGolden of(String name) {
        try {
            return in(Path.of(RewardGolden.class.getResource("/rewards/" + name).toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static RewardGolden in(Path folder) {
        try {
            JsonNode expected =
                    new ObjectMapper().readTree(folder.resolve("expected.json").toFile());
            return new RewardGolden(folder, ModelDirectory.openReward(folder), expected);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public List<TrainingExample> pairs() {
        List<TrainingExample> pairs = new ArrayList<>();
        for (JsonNode pair : expected.get("pairs")) {
            pairs.add(new TrainingExample(
                    pairs.size(),
                    new Example(ids(pair, "prompt"), List.of(ids(pair, "chosen"), ids(pair, "rejected"))),
                    new double[0],
                    pair.path("margin").asDouble(0),
                    true));
        }
        return pairs;
    }

    /** Chosen and rejected in turn. */
    public double[] rewards() {
        JsonNode rewards = expected.get("rewards");
        return IntStream.range(0, rewards.get("chosen").size())
                .boxed()
                .flatMapToDouble(i -> DoubleStream.of(
                        rewards.get("chosen").get(i).asDouble(),
                        rewards.get("rejected").get(i).asDouble()))
                .toArray();
    }

    Parameters weights(Backend backend) {
        return Parameters.readOnly(model.config(), model.weights(), backend);
    }

    double[] computedRewards(Backend backend) {
        try (ReferenceScorer scorer = new ReferenceScorer(new Decoder(model.config(), backend), weights(backend))) {
            return scorer.completionLogps(
                    pairs().stream().map(TrainingExample::example).toList());
        }
    }

    /** Metrics and the relative error of each gradient. */
    record Step(StepMetrics metrics, Map<String, Double> errors) {}

    Step step(Backend backend, double center, int tokensPerMicroBatch, boolean recompute) {
        ParameterLayout layout = ParameterLayout.of(model.config());
        Parameters gradients = new Parameters(layout, backend.allocate(layout.size()));
        Decoder decoder = new Decoder(model.config(), backend);
        try (BatchGradient gradient =
                new BatchGradient(decoder, new BradleyTerry(center), tokensPerMicroBatch, recompute)) {
            StepMetrics metrics = gradient.add(weights(backend), pairs(), gradients);
            return new Step(metrics, errors(layout, gradients.asWeights(), tensors("grads.safetensors")));
        }
    }

    private static Map<String, Double> errors(ParameterLayout layout, Weights actual, Weights expected) {
        Map<String, Double> errors = new LinkedHashMap<>();
        double whole = layout.entries().stream()
                .mapToDouble(entry -> norm(entry, expected))
                .reduce(0, Math::hypot);
        for (ParameterLayout.Entry entry : layout.entries()) {
            float[] ours = new float[(int) entry.size()];
            float[] theirs = new float[(int) entry.size()];
            actual.read(entry, 0, FloatBuffer.wrap(ours));
            expected.read(entry, 0, FloatBuffer.wrap(theirs));
            double difference = 0;
            for (int i = 0; i < ours.length; i++) {
                difference += Math.pow(ours[i] - theirs[i], 2);
            }
            double off = Math.sqrt(difference);
            double norm = norm(entry, expected);
            boolean nothing = norm < NOTHING * whole;
            errors.put(entry.name(), nothing ? off > NOTHING * whole ? 1 : 0 : off / norm);
        }
        return errors;
    }

    private static double norm(ParameterLayout.Entry entry, Weights weights) {
        float[] numbers = new float[(int) entry.size()];
        weights.read(entry, 0, FloatBuffer.wrap(numbers));
        double squares = 0;
        for (float number : numbers) {
            squares += (double) number * number;
        }
        return Math.sqrt(squares);
    }

    /** Tensors of the model's shapes in another file of the folder. */
    private Weights tensors(String file) {
        try {
            Path other = Files.createTempDirectory("golden");
            Files.copy(folder.resolve("config.json"), other.resolve("config.json"));
            Files.write(other.resolve("model.safetensors"), StackedExperts.apart(folder.resolve(file), model.config()));
            return ModelDirectory.openReward(other).weights();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int[] ids(JsonNode pair, String name) {
        return StreamSupport.stream(pair.get(name).spliterator(), false)
                .mapToInt(JsonNode::asInt)
                .toArray();
    }
}
