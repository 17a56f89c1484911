package ai.rpo.spark.prepare;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Says how long token sequences are.
 *
 * @param rowsByLength exact, by tokens
 */
record LengthStatistics(SortedMap<Integer, Long> rowsByLength) {

    private static final int BINS = 20;

    LengthStatistics {
        rowsByLength = new TreeMap<>(rowsByLength);
    }

    /** Rows of {@code from} to {@code to} tokens, both inclusive. */
    record Bin(int from, int to, long rows) {}

    long rows() {
        return rowsByLength.values().stream().mapToLong(Long::longValue).sum();
    }

    long tokens() {
        return rowsByLength.entrySet().stream()
                .mapToLong(entry -> entry.getKey() * entry.getValue())
                .sum();
    }

    double mean() {
        return (double) tokens() / rows();
    }

    /** The smallest length that at least this share of the rows does not exceed. */
    int quantile(double share) {
        long needed = Math.max(1, (long) Math.ceil(share * rows()));
        long seen = 0;
        for (Map.Entry<Integer, Long> entry : rowsByLength.entrySet()) {
            seen += entry.getValue();
            if (seen >= needed) {
                return entry.getKey();
            }
        }
        throw new IllegalStateException("no rows");
    }

    /** Bins of one width, from the one that holds the shortest to the one that holds the longest. */
    List<Bin> histogram() {
        int width = binWidth(rowsByLength.lastKey());
        List<Bin> bins = new ArrayList<>();
        for (int from = rowsByLength.firstKey() / width * width; from <= rowsByLength.lastKey(); from += width) {
            long rows = rowsByLength.subMap(from, from + width).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            bins.add(new Bin(from, from + width - 1, rows));
        }
        return bins;
    }

    /** The smallest power of two that needs no more than {@value BINS} bins. */
    private static int binWidth(int longest) {
        int width = 1;
        while (longest / width >= BINS) {
            width *= 2;
        }
        return width;
    }
}
