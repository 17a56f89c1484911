package ai.rpo.core.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MinHashTest {

    private final MinHash minHash = new MinHash();

    /** Sequences that share a beginning, of which the runs of five tokens are known. */
    @Test
    void signaturesAgreeAsOftenAsTheSetsAreAlike() {
        for (double similarity : new double[] {0, 0.25, 0.5, 0.75, 1}) {
            double agreeing = 0;
            int pairs = 60;
            for (int seed = 0; seed < pairs; seed++) {
                int[][] two = alike(seed, similarity);
                int[] first = minHash.signature(two[0]);
                int[] second = minHash.signature(two[1]);
                agreeing += (double) IntStream.range(0, first.length)
                                .filter(i -> first[i] == second[i])
                                .count()
                        / first.length;
            }
            // The standard error of 60·128 draws is below 0.006.
            assertEquals(similarity, agreeing / pairs, 0.03);
        }
    }

    @Test
    void likeSequencesShareABucket() {
        assertEquals(40, sharing(1));
        assertTrue(sharing(0.9) >= 39);
        assertTrue(sharing(0.5) <= 10);
        assertEquals(0, sharing(0));
    }

    @Test
    void shortSequencesAreAlikeOnlyWhereTheyAreEqual() {
        for (int[] ids :
                List.of(new int[0], new int[] {1}, new int[] {1, 2}, new int[] {2, 1}, new int[] {1, 2, 3, 4, 5})) {
            assertEquals(MinHash.BANDS, shared(ids, ids.clone()));
            assertEquals(0, shared(ids, new int[] {7, 8}));
        }
    }

    private int sharing(double similarity) {
        return (int) IntStream.range(0, 40)
                .mapToObj(seed -> alike(seed, similarity))
                .filter(two -> shared(two[0], two[1]) > 0)
                .count();
    }

    private int shared(int[] first, int[] second) {
        Set<Long> buckets =
                new HashSet<>(Arrays.stream(minHash.buckets(first)).boxed().toList());
        buckets.retainAll(Arrays.stream(minHash.buckets(second)).boxed().toList());
        return buckets.size();
    }

    /** Of a runs in common and b in each alone, a/(a + 2b) is the similarity; all tokens differ. */
    private static int[][] alike(int seed, double similarity) {
        int both = (int) Math.round(400 * similarity);
        int alone = (400 - both) / 2;
        int[] tokens = new Random(seed).ints(0, 1 << 30).distinct().limit(1000).toArray();
        int common = both == 0 ? 0 : both + 4;
        int own = both == 0 ? alone + 4 : alone;
        int[] first = Arrays.copyOf(tokens, common + own);
        int[] second = first.clone();
        System.arraycopy(tokens, 500, second, common, own);
        return new int[][] {first, second};
    }
}
