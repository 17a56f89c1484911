package ai.rpo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.bench.RoundModel.Machines;
import ai.rpo.bench.RoundModel.Seconds;
import ai.rpo.bench.RoundModel.Work;
import org.junit.jupiter.api.Test;

class RoundModelTest {

    /** Where a link is all that takes time: a gigabyte a second. */
    private static final Machines LINKS = new Machines(1e9, Double.POSITIVE_INFINITY, 1e30, 0, 0, 0);

    @Test
    void aStateCrossesEachLinkOnceToBeFetchedOnceToBeAveragedAndOnceToTheDriver() {
        Seconds seconds = new RoundModel(LINKS).predict(new Work(8_000_000_000L, 800, 8, 16, 1, 0));
        assertEquals(7 + 7 + 8, seconds.transfer(), 1e-9);
        assertEquals(16, seconds.compute());
        assertEquals(22.0 / 38, seconds.overheadShare(), 1e-9);
    }

    @Test
    void withMoreWorkersThanChunksTheOwnersLinksAreTheNarrowPlace() {
        Work few = new Work(8_000_000_000L, 8, 8, 1, 1, 0);
        Work many = new Work(8_000_000_000L, 8, 80, 1, 1, 0);
        RoundModel model = new RoundModel(LINKS);
        assertEquals(7 + 7 + 8, model.predict(few).transfer(), 1e-9);
        assertEquals(79 + 79 + 8, model.predict(many).transfer(), 1e-9);
    }

    @Test
    void loneWorkersOnlyCopy() {
        RoundModel model = new RoundModel(new Machines(0, 1e9, 1e8, 1e-2, 0.1, 2));
        Seconds seconds = model.predict(new Work(1_000_000_000L, 10, 1, 4, 2, 0.5));
        assertEquals(3, seconds.transfer(), 1e-9);
        assertEquals(0, seconds.averaging());
        assertEquals(0.1 + 0.01, seconds.scheduling(), 1e-9);
        assertEquals(8 + 3.11, seconds.total(), 1e-9);
    }

    @Test
    void workersThatShareCoresTakeTurns() {
        RoundModel model = new RoundModel(new Machines(0, 1e9, 1e8, 0, 0, 2));
        Seconds two = model.predict(new Work(1_000_000_000L, 8, 2, 1, 1, 0));
        Seconds four = model.predict(new Work(1_000_000_000L, 8, 4, 1, 1, 0));
        assertEquals(3, two.transfer(), 1e-9);
        assertEquals(5, four.transfer(), 1e-9);
        assertEquals(2.5, two.averaging(), 1e-9);
        assertEquals(5, four.averaging(), 1e-9);
        assertEquals(2, four.compute());
    }

    @Test
    void theDriverStartsATaskForEveryWorkerAndEveryOwner() {
        RoundModel model = new RoundModel(new Machines(1e9, 1e9, 1e8, 1e-4, 0, 0));
        assertEquals(
                1e-4 * (512 + 20), model.predict(new Work(1, 20, 512, 1, 1, 0)).scheduling(), 1e-9);
    }

    /** Known values: 0.5642 of two, 1.5388 of ten, 2.5076 of a hundred. */
    @Test
    void theSlowestIsFurtherBehindAmongMany() {
        assertEquals(0, RoundModel.expectedMaximum(1));
        assertEquals(0.5642, RoundModel.expectedMaximum(2), 0.12);
        assertEquals(1.5388, RoundModel.expectedMaximum(10), 0.1);
        assertEquals(2.5076, RoundModel.expectedMaximum(100), 0.08);
        Seconds seconds = new RoundModel(LINKS).predict(new Work(1, 1, 100, 10, 1, 0.1));
        assertTrue(seconds.waiting() > 2.4 && seconds.waiting() < 2.6, seconds.toString());
    }
}
