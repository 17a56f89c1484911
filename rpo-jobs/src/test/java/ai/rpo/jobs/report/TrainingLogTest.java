package ai.rpo.jobs.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.report.Curve.Point;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainingLogTest {

    @Test
    void keepsTheLastRowOfAStepThatWasComputedAgain() {
        TrainingLog log = TrainingLog.parse("""
                {"step": 1, "loss": 0.7}
                {"step": 2, "loss": 0.6}
                {"step": 2, "loss": 0.5}
                """, "m");
        assertEquals(
                List.of(Point.at(1, 0.7), Point.at(2, 0.5)).toString(),
                log.curve("loss").toString());
    }

    @Test
    void ignoresALastLineThatWasCutOff() {
        assertEquals(
                1, TrainingLog.parse("{\"step\": 1}\n{\"step\": 2, \"lo", "m").steps());
    }

    @Test
    void refusesADamagedLineByItsNumber() {
        RpoException e = assertThrows(
                RpoException.class,
                () -> TrainingLog.parse("{\"step\": 1}\nnonsense\n{\"step\": 3}\n", "x/metrics.jsonl"));
        assertTrue(e.getMessage().startsWith("Cannot read line 2 of x/metrics.jsonl: "), e.getMessage());
        assertThrows(RpoException.class, () -> TrainingLog.parse("[1]\n", "m"));
    }

    @Test
    void leavesNonFiniteValuesOutOfCurves() {
        TrainingLog log = TrainingLog.parse("{\"step\": 1, \"loss\": NaN}\n{\"step\": 2, \"loss\": 1e0}\n", "m");
        assertEquals(1, log.curve("loss").size());
    }

    @Test
    void averagesByEpochWithTheLastStepInItsOwnEpoch() {
        TrainingLog log = TrainingLog.parse("""
                {"step": 1, "epoch": 0.5, "loss": 4}
                {"step": 2, "epoch": 1.0, "loss": 2}
                {"step": 3, "epoch": 1.5, "loss": 1}
                {"step": 4, "epoch": 2.0, "loss": 1}
                """, "m");
        assertEquals(Map.of(1, 3.0, 2, 1.0), log.epochMeans("loss"));
        assertEquals(4, log.mean("loss", true, 0.1).orElseThrow());
        assertEquals(1, log.mean("loss", false, 0.5).orElseThrow());
    }

    @Test
    void thinsAndSmoothsWithoutShiftingALine() {
        List<Point> line = java.util.stream.IntStream.range(0, 1000)
                .mapToObj(i -> Point.at(i, 2.0 * i))
                .toList();
        List<Point> thinned = Curve.thinned(line, 100);
        assertEquals(100, thinned.size());
        thinned.forEach(point -> assertEquals(2 * point.x(), point.y(), 1e-9));
        assertEquals(1000, Curve.smoothed(line, 50).get(500).y(), 1e-9);
    }
}
