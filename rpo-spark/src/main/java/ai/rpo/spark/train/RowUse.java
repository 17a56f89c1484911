package ai.rpo.spark.train;

import java.io.Serializable;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Says how rows are trained on.
 *
 * @param base rows that a supervised term on chosen completions counts
 * @param bootstrap seed of a sample with replacement, as many as there are rows, which is trained on in their place; empty for
 *     the rows themselves
 */
public record RowUse(BaseRows base, Optional<Long> bootstrap) implements Serializable {

    /** Each row once, wholly. */
    public static final RowUse ALL = new RowUse(BaseRows.ALL, Optional.empty());

    /** Each row once; the supervised term counts some of them. */
    public static RowUse regularizingOn(BaseRows base) {
        return new RowUse(base, Optional.empty());
    }

    /** A bootstrap sample of the rows. */
    public static RowUse bootstrap(long seed) {
        return new RowUse(BaseRows.ALL, Optional.of(seed));
    }

    /**
     * Counts how often a bootstrap sample has each row.
     *
     * @param rows as many as are drawn
     * @return {@code [rows]}
     */
    static int[] counts(int rows, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] counts = new int[rows];
        for (int i = 0; i < rows; i++) {
            counts[random.nextInt(rows)]++;
        }
        return counts;
    }
}
