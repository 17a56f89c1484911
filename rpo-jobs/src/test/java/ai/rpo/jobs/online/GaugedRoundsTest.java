package ai.rpo.jobs.online;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.gauge.GroupedMean;
import ai.rpo.spark.gauge.GaugePoint;
import ai.rpo.spark.gauge.GaugePoints;
import ai.rpo.spark.store.RunDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Points on gold = 0.5 + d·(0.4 − 0.2·d), which turns at d = 1. */
class GaugedRoundsTest {

    @TempDir
    Path folder;

    private final List<RunDirectory> rounds = new ArrayList<>();

    @BeforeEach
    void plant() {
        rounds.add(round(0, 0.2, 0.4, 0.6));
        rounds.add(round(0.6, 0.8, 1.1, 1.3));
        rounds.add(round(1.3, 1.5, 1.7, 1.9));
    }

    @Test
    void roundsAreOneCourseWhoseSlopeIsTheOneThatWasPlanted() {
        GaugedRounds first = gauged(1, "");
        assertEquals(0.4 - 0.4 * 0.6, first.slope().orElseThrow().value(), 1e-6);
        assertFalse(first.isBehindTheTurn());
        assertEquals(0, first.start().orElseThrow().kl().mean());

        GaugedRounds all = gauged(3, "");
        assertEquals(10, all.places().size(), "a round begins with the model of the one before");
        assertEquals(0.4 - 0.4 * 1.9, all.slope().orElseThrow().value(), 1e-6);
        assertTrue(all.isBehindTheTurn());
        assertEquals(2, all.best().orElseThrow().round());
        assertEquals(20, all.best().orElseThrow().point().step(), "d = 1.1, the one nearest to 1");
        assertTrue(all.describe().contains("in round 2 at step 20"), all.describe());
        assertEquals(
                all.places().get(4).point(),
                GaugePoints.parse(all.toJsonLines(), Optional.empty())
                        .orElseThrow()
                        .points()
                        .get(4));
        assertTrue(all.toJsonLines().startsWith("{\"round\":1,\"step\":0,"), all.toJsonLines());
    }

    /** Where gold chooses among a round's checkpoints, the next round begins before the turn. */
    @Test
    void theSlopeIsThatOfTheModelThatWasChosen() {
        assertEquals(1.1, Math.sqrt(gauged(2, "gold").model().orElseThrow().kl().mean()), 1e-9);
        assertEquals(0.4 - 0.4 * 1.1, gauged(2, "gold").slope().orElseThrow().value(), 1e-6);
    }

    @Test
    void withoutAGoldRewardThereIsNoTurn() {
        GaugePoint bare = new GaugePoint(
                0, 9, 5, new GroupedMean(0.1, 0.01), 0, 0, Optional.empty(), Optional.empty(), Optional.empty());
        rounds.get(0).file("gauge/points.jsonl").write(bare.toJson() + "\n");
        assertFalse(gauged(1, "").isBehindTheTurn());
        assertTrue(gauged(1, "").best().isEmpty());
        assertTrue(GaugedRounds.of(List.of(directory("none")), Optional.empty()).isEmpty());
    }

    private GaugedRounds gauged(int finished, String metric) {
        return GaugedRounds.of(rounds.subList(0, finished), Optional.of(metric).filter(name -> !name.isEmpty()))
                .orElseThrow();
    }

    private RunDirectory round(double... distances) {
        RunDirectory run = directory("round-" + rounds.size());
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < distances.length; i++) {
            double d = distances[i];
            lines.append(new GaugePoint(
                                    10L * i,
                                    64,
                                    7,
                                    new GroupedMean(d * d, 0.01),
                                    d * d,
                                    d * d,
                                    Optional.empty(),
                                    Optional.of(new GroupedMean(0.5 + d * (0.4 - 0.2 * d), 0.002)),
                                    Optional.empty())
                            .toJson())
                    .append('\n');
        }
        run.file("gauge/points.jsonl").write(lines.toString());
        return run;
    }

    private RunDirectory directory(String name) {
        return new RunDirectory(
                new org.apache.hadoop.fs.Path(folder.resolve(name).toUri()), new Configuration());
    }
}
