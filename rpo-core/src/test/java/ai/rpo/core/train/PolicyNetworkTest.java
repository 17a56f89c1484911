package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.decoder.SmallModel;
import ai.rpo.core.dl4j.PolicyNetwork;
import ai.rpo.core.loss.NonFiniteException;
import ai.rpo.core.loss.StepMetrics;
import ai.rpo.core.loss.TrainingExample;
import ai.rpo.core.model.ModelConfig;
import ai.rpo.core.model.ModelConfigParser;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.objective.RpoObjective.Reduction;
import ai.rpo.core.objective.RpoObjective.Weight;
import ai.rpo.core.objective.Supervised;
import ai.rpo.core.tensor.Precision;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyNetworkTest {

    private static final String CONFIG = """
            {
              "model_type": "llama", "vocab_size": 23, "hidden_size": 12, "intermediate_size": 10,
              "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64,
              "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "eos_token_id": 2
            }
            """;
    private static final RpoObjective LOSS = RpoObjective.paper(0.5, 1);
    private static final double RATE = 0.01;

    private final ModelConfig config = ModelConfigParser.parse(CONFIG, "config.json");
    private final List<TrainingExample> pairs = pairs();

    static Stream<Objective> losses() {
        return Stream.of(new Supervised(), new RpoObjective(0.3, 0.7, Reduction.TOKEN_MEAN, Weight.ETA));
    }

    /** Executors build their networks from it. */
    @ParameterizedTest
    @MethodSource("losses")
    void thePlanTravels(Objective loss) throws IOException, ClassNotFoundException {
        TrainSettings settings = TrainSettingsFixture.constantRate(3e-4)
                .cosine(0.25)
                .weightDecay(0.1)
                .maxGradNorm(0.5)
                .tokensPerMicroBatch(77)
                .build();
        TrainPlan plan = TrainPlan.of(CONFIG, loss, settings, Precision.FLOAT32, 40, 3);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(plan);
        }
        TrainPlan read;
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            read = (TrainPlan) in.readObject();
        }
        assertEquals(plan, read);

        List<TrainingExample> batch = loss instanceof Supervised ? rows() : pairs;
        float[][] after = new float[2][];
        for (int i = 0; i < 2; i++) {
            PolicyNetwork network = load(PolicyNetwork.create(i == 0 ? plan : read));
            network.state().setStep(7);
            network.step(batch);
            after[i] = values(network.state().parameters());
        }
        assertArrayEquals(after[0], after[1]);
    }

    @Test
    void dl4jCountsNothing() {
        PolicyNetwork network = network(adam().build(), 1);
        assertEquals(0, network.graph().numParams());
        network.step(pairs);
        assertEquals(0, network.graph().numParams());
    }

    @Test
    void sgdStepsDownTheGradientAtTheRateOfTheStep() {
        TrainSettings settings =
                TrainSettingsFixture.constantRate(RATE).sgd().cosine(0.5).build();
        PolicyNetwork first = network(settings, 8);
        PolicyNetwork fourth = network(settings, 8);
        fourth.state().setStep(3);
        float[] start = values(first.state().parameters());
        double norm = first.step(pairs).mean("grad_norm");
        fourth.step(pairs);
        assertEquals(RATE / 4 * norm, norm(difference(start, first)), 1e-4 * RATE * norm);
        assertEquals(RATE * norm, norm(difference(start, fourth)), 1e-4 * RATE * norm);
    }

    @Test
    void theSplitIntoMicroBatchesGivesTheSameUpdate() {
        PolicyNetwork whole = network(adam().tokensPerMicroBatch(10_000).build(), 1);
        PolicyNetwork split = network(adam().tokensPerMicroBatch(12).build(), 1);
        StepMetrics expected = whole.step(pairs);
        StepMetrics actual = split.step(pairs);
        assertEquals(expected.mean("grad_norm"), actual.mean("grad_norm"), 1e-5 * expected.mean("grad_norm"));
        assertEquals(expected.mean("loss"), actual.mean("loss"), 1e-6);
        assertArrayEquals(
                values(whole.state().parameters()), values(split.state().parameters()), 1e-6f);
    }

    @Test
    void aLongGradientIsScaledToTheLimitAndAShortOneKept() {
        TrainSettingsFixture sgd = TrainSettingsFixture.constantRate(RATE).sgd();
        PolicyNetwork free = network(sgd.build(), 1);
        float[] start = values(free.state().parameters());
        double norm = free.step(pairs).mean("grad_norm");
        PolicyNetwork clipped = network(sgd.maxGradNorm(norm / 3).build(), 1);
        assertEquals(norm, clipped.step(pairs).mean("grad_norm"), 1e-9, "the norm before clipping is reported");
        assertEquals(RATE * norm / 3, norm(difference(start, clipped)), 1e-4 * RATE * norm);
        PolicyNetwork kept = network(sgd.maxGradNorm(norm * 1.01).build(), 1);
        kept.step(pairs);
        assertArrayEquals(values(free.state().parameters()), values(kept.state().parameters()));
    }

    @Test
    void decayPullsMatricesAndLeavesVectors() {
        TrainSettingsFixture sgd = TrainSettingsFixture.constantRate(RATE).sgd();
        PolicyNetwork plain = network(sgd.build(), 1);
        PolicyNetwork decayed = network(sgd.weightDecay(0.5).build(), 1);
        float[] start = values(plain.state().parameters());
        plain.step(pairs);
        decayed.step(pairs);
        float[] without = values(plain.state().parameters());
        float[] with = values(decayed.state().parameters());
        for (ParameterLayout.Entry entry : ParameterLayout.of(config).entries()) {
            for (int i = (int) entry.offset(); i < entry.offset() + entry.size(); i++) {
                double pull = entry.vector() ? 0 : RATE * 0.5 * start[i];
                assertEquals(without[i] - pull, with[i], 1e-6, entry.name());
            }
        }
    }

    @Test
    void plainSgdHasNoStateAndAdamTwoMoments() {
        assertTrue(network(TrainSettingsFixture.constantRate(RATE).sgd().build(), 1)
                .state()
                .moments()
                .isEmpty());
        long parameters = ParameterLayout.of(config).size();
        assertEquals(
                2 * parameters,
                network(adam().build(), 1).state().moments().orElseThrow().size());
    }

    @Test
    void aReferenceThatIsNotANumberStopsTheStepBeforeTheUpdate() {
        PolicyNetwork network = network(adam().build(), 1);
        float[] start = values(network.state().parameters());
        TrainingExample spoilt = new TrainingExample(42, pairs.get(0).example(), new double[] {Double.NaN, -5});
        NonFiniteException stopped =
                assertThrows(NonFiniteException.class, () -> network.step(List.of(pairs.get(1), spoilt)));
        assertEquals("the gradient norm is not finite; rows in the batch, by ordinal: 1, 42", stopped.getMessage());
        assertArrayEquals(start, values(network.state().parameters()));
    }

    private static TrainSettingsFixture adam() {
        return TrainSettingsFixture.constantRate(RATE);
    }

    private PolicyNetwork network(TrainSettings settings, long totalSteps) {
        return load(PolicyNetwork.create(TrainPlan.of(CONFIG, LOSS, settings, Precision.FLOAT32, totalSteps, 2)));
    }

    private PolicyNetwork load(PolicyNetwork network) {
        float[] start = values(SmallModel.random(config, new Nd4jBackend(), 5).storage());
        network.state().parameters().write(0, start, 0, start.length);
        return network;
    }

    private static float[] values(Storage storage) {
        float[] values = new float[Math.toIntExact(storage.size())];
        storage.read(0, values, 0, values.length);
        return values;
    }

    private static double[] difference(float[] start, PolicyNetwork network) {
        float[] now = values(network.state().parameters());
        double[] difference = new double[start.length];
        for (int i = 0; i < start.length; i++) {
            difference[i] = now[i] - start[i];
        }
        return difference;
    }

    private static double norm(double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        return Math.sqrt(squares);
    }

    private List<TrainingExample> rows() {
        return pairs.stream()
                .map(TrainingExample::example)
                .map(pair -> new Example(pair.prompt(), pair.completions().subList(0, 1)))
                .map(row -> new TrainingExample(0, row, new double[0]))
                .toList();
    }

    private static List<TrainingExample> pairs() {
        Random random = new Random(6);
        return Stream.iterate(0, i -> i < 4, i -> i + 1)
                .map(i -> new TrainingExample(
                        i, SmallModel.pair(random, 1 + i, 4 - i, 2 + i), new double[] {-9.0 - i, -8}))
                .toList();
    }
}
