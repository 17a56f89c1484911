package ai.rpo.core.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.train.BatchOrder.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BatchOrderTest {

    @Property(tries = 300)
    void everyPairOnceInFullBatchesSpreadEvenly(
            @ForAll @IntRange(min = 1, max = 700) int pairs,
            @ForAll @IntRange(min = 1, max = 5) int workers,
            @ForAll @IntRange(min = 1, max = 9) int pairsPerBatch,
            @ForAll boolean shuffle,
            @ForAll long seed,
            @ForAll @IntRange(min = 0, max = 3) int epoch) {
        TrainSettings settings = settings(workers, pairsPerBatch, shuffle, seed);
        List<Place> places = places(pairs, settings, epoch);

        assertEquals(pairs, new HashSet<>(places).size(), "no two pairs share a place");
        long steps = settings.stepsPerEpoch(pairs);
        Map<Long, int[]> counts = new HashMap<>();
        for (Place place : places) {
            assertTrue(place.step() >= 0 && place.step() < steps && place.slot() < pairsPerBatch, place.toString());
            counts.computeIfAbsent(place.step(), s -> new int[workers])[place.worker()]++;
        }
        counts.forEach((step, shares) -> {
            int least = Integer.MAX_VALUE;
            int most = 0;
            int total = 0;
            for (int share : shares) {
                least = Math.min(least, share);
                most = Math.max(most, share);
                total += share;
            }
            assertTrue(most - least <= 1, "workers' shares of step " + step);
            long expected =
                    step < steps - 1 ? (long) workers * pairsPerBatch : pairs - (steps - 1) * workers * pairsPerBatch;
            assertEquals(expected, total, "pairs of step " + step);
        });
        assertEquals(places, places(pairs, settings, epoch), "a function of its arguments");
    }

    @Test
    void withoutShufflingBatchesFollowTheInput() {
        TrainSettings settings = settings(2, 3, false, 1);
        // Step 0 takes pairs 0 to 5, dealt in turn: worker 0 has 0, 2, 4.
        assertEquals(new Place(0, 0, 2), new BatchOrder(20, settings, 0).place(4));
        assertEquals(new Place(1, 0, 2), new BatchOrder(20, settings, 0).place(5));
        assertEquals(new Place(0, 1, 0), new BatchOrder(20, settings, 0).place(6));
        assertEquals(places(20, settings, 0), places(20, settings, 1), "in every epoch");
    }

    @Test
    void epochsAndSeedsShuffleDifferently() {
        Set<List<Place>> orders = new HashSet<>();
        for (int seed = 0; seed < 4; seed++) {
            for (int epoch = 0; epoch < 4; epoch++) {
                orders.add(places(100, settings(1, 8, true, seed), epoch));
            }
        }
        assertEquals(16, orders.size());
        assertNotEquals(places(100, settings(1, 8, false, 0), 0), places(100, settings(1, 8, true, 0), 0));
    }

    /** The mean place of any pair, over many epochs, is the middle. */
    @Test
    void shufflingFavoursNoPair() {
        int pairs = 50;
        int epochs = 2000;
        TrainSettings settings = settings(1, 1, true, 9);
        double[] sums = new double[pairs];
        for (int epoch = 0; epoch < epochs; epoch++) {
            BatchOrder order = new BatchOrder(pairs, settings, epoch);
            for (int i = 0; i < pairs; i++) {
                sums[i] += order.place(i).step();
            }
        }
        double standardError = Math.sqrt((pairs * pairs - 1) / 12.0 / epochs);
        for (double sum : sums) {
            assertEquals((pairs - 1) / 2.0, sum / epochs, 5 * standardError);
        }
    }

    private static List<Place> places(long pairs, TrainSettings settings, int epoch) {
        BatchOrder order = new BatchOrder(pairs, settings, epoch);
        return new ArrayList<>(LongStream.range(0, pairs).mapToObj(order::place).toList());
    }

    private static TrainSettings settings(int workers, int pairsPerBatch, boolean shuffle, long seed) {
        TrainSettingsFixture fixture =
                TrainSettingsFixture.constantRate(1).workers(workers, 1).pairsPerBatch(pairsPerBatch);
        return (shuffle ? fixture.shuffle(seed) : fixture).build();
    }
}
