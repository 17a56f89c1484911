package ai.rpo.core.judge.figures;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Holds the solver to scikit-learn's own fits; make_length_control.py made them. */
class LengthControlGoldenTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void fitsWhatLiblinearFits() throws IOException {
        for (JsonNode given : cases()) {
            SoftRows rows = rows(given);
            for (JsonNode fit : given.get("fits")) {
                assertArrayEquals(
                        doubles(fit.get("weights")),
                        LogisticRegression.fit(
                                rows.split(i -> true), fit.get("c").doubleValue(), CrossValidation.SEED),
                        1e-9);
            }
        }
    }

    @Test
    void dealsFoldsAndChoosesAsScikitLearn() throws IOException {
        for (JsonNode given : cases()) {
            assertArrayEquals(
                    JSON.convertValue(given.get("folds"), int[].class),
                    CrossValidation.folds(given.get("labels").size()));
            assertEquals(given.get("best").doubleValue(), CrossValidation.choose(rows(given)), 1e-9);
        }
    }

    /** A model whose answers are all 100 longer and that wins more where they are longer still. */
    @Test
    void atEqualLengthsAWordyModelWinsLess() {
        int n = 200;
        double[] differences =
                IntStream.range(0, n).mapToDouble(i -> 200 - 4.0 * i).toArray();
        double[] preferences = IntStream.range(0, n)
                .mapToDouble(i -> 1 / (1 + Math.exp((differences[i] + 100) / 150)))
                .toArray();
        LengthControl.Result result = new LengthControl(
                        LengthControl.Kind.MINIMAL, Optional.empty(), OptionalDouble.of(166))
                .fit(preferences, differences, new double[0])
                .orElseThrow();

        double won = 100 * Moments.of(preferences).mean();
        assertTrue(won > 55, "wins " + won);
        assertEquals(100 / (1 + Math.exp(100 / 150.0)), result.winRate(), 4);
        assertTrue(result.standardError().isEmpty());
    }

    @Test
    void nothingIsFittedToOneSidesWins() {
        LengthControl minimal = new LengthControl(LengthControl.Kind.MINIMAL, Optional.empty(), OptionalDouble.empty());
        double[] all = IntStream.range(0, 50).mapToDouble(i -> 1).toArray();

        assertTrue(minimal.fit(all, new double[50], new double[0]).isEmpty());
        assertTrue(minimal.fit(new double[] {0, 1, 0.5}, new double[3], new double[0])
                .isEmpty());
    }

    private static SoftRows rows(JsonNode given) {
        double[][] features = JSON.convertValue(given.get("features"), double[][].class);
        return new SoftRows(features, doubles(given.get("labels")), doubles(given.get("weights")));
    }

    private static double[] doubles(JsonNode list) {
        return JSON.convertValue(list, double[].class);
    }

    private static JsonNode cases() throws IOException {
        try (InputStream in = LengthControlGoldenTest.class.getResourceAsStream("/judge/length_control.json")) {
            return JSON.readTree(in);
        }
    }
}
