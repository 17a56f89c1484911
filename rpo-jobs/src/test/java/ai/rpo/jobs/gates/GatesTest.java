package ai.rpo.jobs.gates;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GatesTest {

    private static final GateSettings ALL = new GateSettings(
            OptionalInt.of(100),
            Optional.of(0.1),
            Optional.of(0.6),
            Optional.of(5.0),
            Optional.of(0.5),
            Optional.of(2.0),
            Map.of("arc_easy", "0.02"));

    /** As the stages write them; a win rate's interval is in percent there. */
    private static final String METRICS = """
            {"rewards/accuracies": {"mean": 0.41, "low": 0.3, "high": 0.5}, "logps/chosen": {"mean": -61.5},
             "reference_logps/chosen": {"mean": -60.25}, "pairs": 40}
            """;

    private static final String JUDGED =
            "{\"comparisons\": [{\"model\": \"aligned\", \"baseline\": \"reference\", \"low\": 52.5, \"high\": 61}]}";

    @Test
    void whatIsNotPassedIsNamedWithHowMuchIsMissing() {
        Map<String, Double> figures = Figures.ofModel(
                Optional.of(METRICS),
                Optional.of(JUDGED),
                Optional.of("{\"step\": 0, \"kl\": 0}\n{\"step\": 8, \"kl\": 2.5}\n{\"step\": 9, \"kl\": 1.5}\n"),
                Optional.of(benchmark(0.5, 0.75)),
                Optional.of(benchmark(0.75, 0.71)));

        assertEquals(
                List.of(
                        "the reward accuracy on held-out pairs is 0.41, 0.19 below rpo.gates.min-reward-accuracy = 0.6",
                        "what held-out chosen completions lost in log-probability is 1.25, and"
                                + " rpo.gates.max-chosen-logp-drop = 5",
                        "the lower end of the win rate's interval is 0.525, and rpo.gates.min-win-rate-low = 0.5",
                        "the distance from the reference of the checkpoint that is farthest, in nats, is 2.5, 0.5 above"
                                + " rpo.gates.max-kl = 2",
                        "what was lost on arc_easy is 0.04, 0.02 above rpo.gates.max-benchmark-drop.arc_easy = 0.02"),
                texts(ALL.ofModel(), figures));
        assertEquals(List.of(false, true, true, false, false), passed(ALL.ofModel(), figures));
    }

    @Test
    void dataAreHeldAgainstTheirOwnGates() {
        Map<String, Double> figures =
                Figures.ofData("{\"rejected_fraction\": 0.125, \"train\": {\"rows\": 100}, \"eval\": {\"rows\": 7}}");

        assertEquals(
                List.of(
                        "the number of pairs to train on is 100, and rpo.gates.min-new-pairs = 100",
                        "the share of rows left out is 0.125, 0.025 above rpo.gates.max-rejected-fraction = 0.1"),
                texts(ALL.ofData(), figures));
    }

    @Test
    void aLimitItselfPasses() {
        Gate least = new Gate("min-reward-accuracy", "it", 0.5);
        Gate most = new Gate("max-chosen-logp-drop", "it", 0.5);
        for (Gate gate : List.of(least, most)) {
            assertTrue(gate.judge(Map.of(gate.name(), 0.5)).passed(), gate.name());
        }
        assertFalse(least.judge(Map.of(least.name(), Math.nextDown(0.5))).passed());
        assertFalse(most.judge(Map.of(most.name(), Math.nextUp(0.5))).passed());
    }

    @Test
    void whatWasNotMeasuredPassesNoGate() {
        Map<String, Double> nothing = Figures.ofModel(
                Optional.of("{\"rewards/accuracies\": {\"mean\": \"NaN\"}, \"logps/chosen\": {\"mean\": -1}}"),
                Optional.empty(),
                Optional.empty(),
                Optional.of(benchmark(0.5, 0.5)),
                Optional.empty());

        assertEquals(Map.of(), nothing);
        assertEquals(List.of(false, false, false, false, false), passed(ALL.ofModel(), nothing));
        assertEquals(
                "the reward accuracy on held-out pairs was not measured, and rpo.gates.min-reward-accuracy = 0.6 asks for"
                        + " it",
                texts(ALL.ofModel(), nothing).get(0));
    }

    @Test
    void allThatIsWrongWithTheLimitsIsSaidAtOnce() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class,
                () -> new GateSettings(
                        OptionalInt.of(-1),
                        Optional.of(1.5),
                        Optional.of(0.5),
                        Optional.empty(),
                        Optional.of(Double.NaN),
                        Optional.of(-1.0),
                        new TreeMap<>(Map.of("arc", "0.1", "piqa", "much"))));

        assertEquals("""
                min-new-pairs must be at least 0, but is -1
                max-rejected-fraction must be from 0 to 1, but is 1.5
                min-win-rate-low must be from 0 to 1, but is NaN
                max-kl must be at least 0, but is -1.0
                max-benchmark-drop must name benchmark tasks, but has arc
                max-benchmark-drop must have a number for piqa, but has much""", refused.getMessage());
    }

    /** As the stage writes it: of a task's metrics, the one that fell most counts. */
    private static String benchmark(double accuracy, double normalised) {
        return "{\"arc_easy\": {\"n\": 4, \"shots\": 0, \"acc\": " + accuracy + ", \"acc_stderr\": 0.1, \"acc_norm\": "
                + normalised + ", \"acc_norm_stderr\": null}}";
    }

    private static List<String> texts(List<Gate> gates, Map<String, Double> figures) {
        return gates.stream().map(gate -> gate.judge(figures).text()).toList();
    }

    private static List<Boolean> passed(List<Gate> gates, Map<String, Double> figures) {
        return gates.stream().map(gate -> gate.judge(figures).passed()).toList();
    }
}
