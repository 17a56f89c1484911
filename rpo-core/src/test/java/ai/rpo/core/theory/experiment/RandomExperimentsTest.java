package ai.rpo.core.theory.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.theory.experiment.EnsembleSelection.Aggregate;
import ai.rpo.core.theory.experiment.EnsembleSelection.Overoptimization;
import ai.rpo.core.theory.experiment.EnsembleSelection.World;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Against {@code make_theory.py}, which repeats every draw in numpy, seed by seed. */
class RandomExperimentsTest {

    private static final double SIX = 5.1e-7;

    private final JsonNode seeds = read();

    /** Columns: variant, mean π(best), share above ½, mean J, regret; then the policy of seed 0. */
    @ParameterizedTest
    @CsvSource({
        "0, 0.093848, 0.100, 0.486409, 13.4625, 0.001453, 0.000056, 0.998355, 0.000137",
        "1, 0.239133, 0.210, 0.588077, 11.4141, 0.169699, 0.054739, 0.031606, 0.743956",
        "2, 0.101186, 0.105, 0.501894, 13.1391, 0.001129, 0.000056, 0.998710, 0.000106",
        "3, 0.146935, 0.100, 0.532379, 12.5355, 0.463250, 0.152449, 0.118986, 0.265314",
        "4, 0.344908, 0.370, 0.647376, 10.9104, 0.119726, 0.038204, 0.021035, 0.821036",
        "5, 0.499072, 0.520, 0.731937, 10.1141, 0.009978, 0.003813, 0.002189, 0.984020",
        "6, 0.520577, 0.525, 0.734438, 10.0703, 0.004049, 0.002700, 0.002205, 0.991046",
        "7, 0.061805, 0.065, 0.460991, 13.6950, 0.001412, 0.000056, 0.998531, 0.000001",
        "8, 0.324837, 0.330, 0.634375, 11.1445, 0.184604, 0.074702, 0.031189, 0.709505",
        "9, 0.084190, 0.085, 0.481846, 13.4337, 0.001453, 0.000056, 0.998396, 0.000096",
    })
    void onlineLearning(
            int variant,
            double best,
            double found,
            double value,
            double regret,
            double a,
            double b,
            double c,
            double d) {
        OnlineLearning learnt = OnlineLearning.of(OnlineLearning.VARIANTS.get(variant));
        assertEquals(best, learnt.massOfBest(), SIX);
        assertEquals(found, learnt.found(), 1e-12);
        assertEquals(value, learnt.value(), SIX);
        assertEquals(regret, learnt.regret(), 5.1e-5);
        assertArrayEquals(new double[] {a, b, c, d}, learnt.policies()[0], SIX);
        JsonNode expected = seeds.get("online").get(variant);
        for (int seed = 0; seed < OnlineLearning.SEEDS; seed++) {
            assertEquals(
                    expected.get("best").get(seed).asDouble(),
                    learnt.policies()[seed][OnlineLearning.BEST],
                    2e-8,
                    "seed " + seed);
            assertEquals(expected.get("pairs").get(seed).asInt(), learnt.pairs()[seed], "seed " + seed);
        }
    }

    @ParameterizedTest
    @EnumSource
    void ensemblesSeedBySeed(World world) {
        EnsembleSelection selection = EnsembleSelection.of(world);
        JsonNode expected = seeds.get(world == World.UNCOVERED ? "uncovered" : "shared_bias");
        double[] mean = new double[3];
        for (int seed = 0; seed < EnsembleSelection.SEEDS; seed++) {
            for (int k = 0; k < 3; k++) {
                assertEquals(
                        expected.get("member").get(seed).get(k).asDouble(),
                        selection.members()[seed][0][k],
                        1e-7,
                        "seed " + (EnsembleSelection.FIRST_SEED + seed));
                mean[k] += expected.get("single_mean_wco").get(seed).get(k).asDouble() / EnsembleSelection.SEEDS;
            }
        }
        List<Aggregate> aggregates = List.of(Aggregate.SINGLE, Aggregate.MEAN, Aggregate.WCO);
        for (int k = 0; k < 3; k++) {
            assertEquals(mean[k], selection.goldAt(aggregates.get(k), 1024), 1e-7);
        }
        assertEquals(19, selection.likesRare());
    }

    /** Gold reward of best-of-32, 128 and 1024. */
    @Test
    void ensemblesRepairAnUncoveredDirection() {
        EnsembleSelection selection = EnsembleSelection.of(World.UNCOVERED);
        assertGold(selection, Aggregate.SINGLE, 2.008419, 2.278427, 2.594777);
        assertGold(selection, Aggregate.MEAN, 2.207453, 2.707748, 3.203601);
        assertGold(selection, Aggregate.WCO, 2.255586, 2.782892, 3.364911);
        assertGold(selection, Aggregate.UWO_HALF, 2.258089, 2.793577, 3.384488);
        assertGold(selection, Aggregate.UWO_ONE, 2.263153, 2.791955, 3.394403);
    }

    @Test
    void ensemblesCannotRepairASharedBias() {
        EnsembleSelection selection = EnsembleSelection.of(World.SHARED_BIAS);
        assertGold(selection, Aggregate.SINGLE, 2.126534, 2.253695, 2.161793);
        assertGold(selection, Aggregate.WCO, 2.371016, 2.689248, 2.848006);
        assertEquals(2.853075, selection.goldAt(Aggregate.WCO, 512), SIX);
        assertEquals(128, selection.peak(Aggregate.SINGLE));
        assertEquals(512, selection.peak(Aggregate.WCO));
        assertEquals(4.505993, selection.proxy()[EnsembleSelection.SIZES.indexOf(1024)], SIX);
        Overoptimization form = selection.bestOfNForm(Aggregate.SINGLE);
        assertEquals(2.105652, form.alpha(), SIX);
        assertEquals(0.494664, form.beta(), SIX);
        assertEquals(2.1284, form.peak(), 5.1e-5);
        assertEquals(0.0320, form.error(), 5.1e-5);
        assertEquals(0.1083, selection.learningForm(Aggregate.SINGLE).error(), 5.1e-5);
    }

    private static void assertGold(EnsembleSelection selection, Aggregate aggregate, double... gold) {
        assertEquals(0, selection.goldAt(aggregate, 1), 1e-9);
        assertEquals(gold[0], selection.goldAt(aggregate, 32), SIX);
        assertEquals(gold[1], selection.goldAt(aggregate, 128), SIX);
        assertEquals(gold[2], selection.goldAt(aggregate, 1024), SIX);
    }

    @Test
    void drawsAreBoxAndMullersOfSplittableRandom() {
        Draws draws = new Draws(1000);
        Draws again = new Draws(1000);
        double radius = Math.sqrt(-2 * Math.log(1 - again.uniform()));
        assertEquals(radius * Math.cos(2 * Math.PI * again.uniform()), draws.normal());
        assertTrue(new Draws(1).from(new double[] {0, 1, 0}) == 1);
    }

    private static JsonNode read() {
        try {
            return new ObjectMapper()
                    .readTree(RandomExperimentsTest.class.getResource("/ai/rpo/core/theory/seeds.json"));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
