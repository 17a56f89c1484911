package ai.rpo.core.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every objective to the same promises, and to TRL's losses. */
class ObjectivesTest {

    private static final double H = 1e-6;

    static List<Objective> all() {
        return Objectives.all();
    }

    /** With the parameters of make_objectives.py. */
    static Stream<Objective> asInTheGolden() throws IOException {
        JsonNode golden = golden();
        double beta = golden.get("beta").asDouble();
        return Stream.of(
                RpoObjective.paper(beta, 0),
                new Ipo(beta),
                new DpoPositive(beta, golden.get("lambda").asDouble()),
                new ChiPo(beta, golden.get("max_reward").asDouble()),
                new RobustDpo(beta, golden.get("label_smoothing").asDouble()),
                new ChosenSft(beta));
    }

    @ParameterizedTest
    @MethodSource("asInTheGolden")
    void lossAndSlopesAreThoseOfTrl(Objective objective) throws IOException {
        JsonNode golden = golden();
        JsonNode expected = golden.get("objectives").get(objective.name());
        int pairs = golden.get("chosen").size();
        long chosenTokens = 0;
        for (JsonNode tokens : golden.get("chosen_tokens")) {
            chosenTokens += tokens.asLong();
        }
        BatchSize batch = new BatchSize(pairs, chosenTokens);
        double loss = 0;
        for (int i = 0; i < pairs; i++) {
            Outcome outcome = objective.evaluate(
                    ExampleLogps.pair(
                            golden.get("chosen").get(i).asDouble(),
                            golden.get("rejected").get(i).asDouble(),
                            golden.get("reference_chosen").get(i).asDouble(),
                            golden.get("reference_rejected").get(i).asDouble(),
                            golden.get("chosen_tokens").get(i).asInt(),
                            golden.get("rejected_tokens").get(i).asInt()),
                    batch);
            loss += outcome.values().get(Metrics.LOSS);
            assertEquals(expected.get("by_chosen").get(i).asDouble(), outcome.coefficients()[0], 1e-12, "chosen " + i);
            assertEquals(
                    expected.get("by_rejected").get(i).asDouble(), outcome.coefficients()[1], 1e-12, "rejected " + i);
        }
        assertEquals(expected.get("loss").asDouble(), loss, 1e-12);
    }

    @Test
    void theGoldenKnowsEveryObjectiveOfThisProject() throws IOException {
        assertEquals(
                golden().get("objectives").size(),
                all().stream()
                        .filter(each -> each.getClass().getPackage() == Objective.class.getPackage())
                        .count());
    }

    @ParameterizedTest
    @MethodSource("all")
    void coefficientsAreTheSlopesOfTheLoss(Objective objective) {
        Random random = new Random(11);
        BatchSize batch = new BatchSize(3, 40);
        for (int i = 0; i < 200; i++) {
            double[] logps = {-10 * random.nextDouble() - 0.1, -10 * random.nextDouble() - 0.1};
            double[] reference = {logps[0] + random.nextGaussian(), logps[1] + random.nextGaussian()};
            int[] tokens = {1 + random.nextInt(9), 1 + random.nextInt(9)};
            double[] coefficients =
                    outcome(objective, logps, reference, tokens, batch).coefficients();
            for (int c = 0; c < 2; c++) {
                double[] up = logps.clone();
                double[] down = logps.clone();
                up[c] += H;
                down[c] -= H;
                double slope = (loss(objective, up, reference, tokens, batch)
                                - loss(objective, down, reference, tokens, batch))
                        / (2 * H);
                assertEquals(slope, coefficients[c], 1e-6 * Math.max(1, Math.abs(slope)), "completion " + c);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void measuresWhatItNames(Objective objective) {
        BatchSize batch = new BatchSize(1, 4);
        Outcome outcome = outcome(objective, new double[] {-3, -5}, new double[] {-3, -5}, new int[] {4, 2}, batch);
        assertEquals(new HashSet<>(objective.metrics()), outcome.values().keySet());
        assertEquals(objective.metrics().size(), new HashSet<>(objective.metrics()).size());
        assertTrue(objective.metrics().contains(Metrics.LOSS));
        objective
                .atReference()
                .forEach((metric, start) -> assertEquals(start, outcome.values().get(metric), 1e-12 * start));
        assertFalse(objective.describe().isBlank());
    }

    @ParameterizedTest
    @MethodSource("all")
    void numbersFarOffStayFinite(Objective objective) {
        BatchSize batch = new BatchSize(1, 4);
        for (double far : new double[] {-1e4, 1e4}) {
            for (double other : new double[] {-1e4, 0, 1e4}) {
                Outcome outcome =
                        outcome(objective, new double[] {far, other}, new double[] {0, 0}, new int[] {4, 4}, batch);
                outcome.values().forEach((metric, value) -> assertTrue(Double.isFinite(value), metric.name()));
                for (double coefficient : outcome.coefficients()) {
                    assertTrue(Double.isFinite(coefficient), "coefficient at " + far + ", " + other);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void travelsToExecutors(Objective objective) throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(objective);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertEquals(objective, in.readObject());
        }
    }

    /** What a user's jar does. */
    @Test
    void aUsersClassIsFoundByTheLineThatNamesIt(@TempDir Path jar) throws IOException {
        Path services = Files.createDirectories(jar.resolve("META-INF/services"));
        Files.writeString(services.resolve(Objective.class.getName()), TestObjective.class.getName());
        assertEquals(Map.of(), found("squared"));
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader user = new URLClassLoader(new URL[] {jar.toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(user);
            assertEquals(Map.of("squared", new TestObjective(3)), found("squared"));
            coefficientsAreTheSlopesOfTheLoss(Objectives.named("squared").orElseThrow());
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private static Map<String, Objective> found(String name) {
        return Objectives.named(name).map(each -> Map.of(name, each)).orElse(Map.of());
    }

    private static double loss(Objective objective, double[] logps, double[] reference, int[] tokens, BatchSize batch) {
        return outcome(objective, logps, reference, tokens, batch).values().get(Metrics.LOSS);
    }

    private static Outcome outcome(
            Objective objective, double[] logps, double[] reference, int[] tokens, BatchSize batch) {
        return objective.evaluate(
                ExampleLogps.pair(logps[0], logps[1], reference[0], reference[1], tokens[0], tokens[1]), batch);
    }

    private static JsonNode golden() throws IOException {
        return new ObjectMapper().readTree(ObjectivesTest.class.getResource("objectives.json"));
    }
}
