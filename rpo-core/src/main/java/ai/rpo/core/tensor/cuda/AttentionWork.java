package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.AttentionShape;
import ai.rpo.core.tensor.CachedSegment;
import ai.rpo.core.tensor.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Who attends to what, as the attention kernels read it; a block of them takes a few rows that follow each other. */
final class AttentionWork {

    /** Rows of a block, one for each warp. */
    static final int ROWS = 4;

    private static final int QUERIES = 4; // eight-byte words of a Queries in the kernels

    private AttentionWork() {}

    /**
     * Describes every block of queries: where its keys are, its rows, the position of the first, the length of its
     * prefix.
     */
    static long[] queries(List<Segment> segments, DeviceTensor fused, AttentionShape shape) {
        return segments.stream()
                .flatMapToLong(segment -> Arrays.stream(queries(
                        keyAddress(fused, segment.prefixStart(), shape),
                        keyAddress(fused, segment.start(), shape),
                        segment.start(),
                        segment.length(),
                        segment.prefixLength(),
                        segment.prefixLength())))
                .toArray();
    }

    /** Describes rows that attend to what caches hold, their own keys included. */
    static long[] cachedQueries(List<CachedSegment> segments) {
        return segments.stream()
                .flatMapToLong(segment -> {
                    long keys = ((DeviceTensor) segment.cache()).address();
                    return Arrays.stream(queries(keys, keys, segment.start(), segment.length(), segment.cached(), 0));
                })
                .toArray();
    }

    private static long[] queries(long prefix, long own, int row, int length, int position, int prefixLength) {
        int blocks = (length + ROWS - 1) / ROWS;
        long[] words = new long[QUERIES * blocks];
        for (int block = 0; block < blocks; block++) {
            int done = block * ROWS;
            int at = QUERIES * block;
            words[at] = prefix;
            words[at + 1] = own;
            words[at + 2] = pair(row + done, Math.min(ROWS, length - done));
            words[at + 3] = pair(position + done, prefixLength);
        }
        return words;
    }

    static int blocks(long[] queries) {
        return queries.length / QUERIES;
    }

    private static long keyAddress(DeviceTensor fused, int row, AttentionShape shape) {
        return fused.address() + Float.BYTES * ((long) row * shape.fusedColumns() + shape.queryColumns());
    }

    private static long pair(int low, int high) {
        return Integer.toUnsignedLong(low) | (long) high << Integer.SIZE;
    }

    /**
     * Keys by who sees them: rows between two ends of segments or prefixes are seen by the same segments.
     *
     * @param blocks of every block of keys: its first row, how many, and its first and last view
     * @param views of every segment that sees some keys: the row of a key and its position, then the first query's row,
     *     how many there are, and the first one's position
     */
    record Keys(int[] blocks, int[] views) {

        private static final int BLOCK = 4; // numbers of a block

        /** @param rows of keys in a block */
        static Keys of(List<Segment> segments, int rows) {
            int[] ends = segments.stream()
                    .flatMap(segment -> Stream.of(
                            segment.start(),
                            segment.start() + segment.length(),
                            segment.prefixStart(),
                            segment.prefixStart() + segment.prefixLength()))
                    .mapToInt(Integer::intValue)
                    .sorted()
                    .distinct()
                    .toArray();
            List<int[]> blocks = new ArrayList<>();
            List<int[]> views = new ArrayList<>();
            for (int i = 0; i + 1 < ends.length; i++) {
                int firstView = views.size();
                for (Segment segment : segments) {
                    view(segment, ends[i], views);
                }
                if (views.size() > firstView) {
                    for (int row = ends[i]; row < ends[i + 1]; row += rows) {
                        blocks.add(new int[] {row, Math.min(rows, ends[i + 1] - row), firstView, views.size()});
                    }
                }
            }
            return new Keys(joined(blocks), joined(views));
        }

        int count() {
            return blocks.length / BLOCK;
        }

        private static void view(Segment segment, int row, List<int[]> views) {
            int queries = segment.prefixLength(); // the position of the first
            if (row >= segment.prefixStart() && row < segment.prefixStart() + segment.prefixLength()) {
                views.add(new int[] {segment.prefixStart(), 0, segment.start(), segment.length(), queries});
            }
            if (row >= segment.start() && row < segment.start() + segment.length()) {
                views.add(new int[] {segment.start(), queries, segment.start(), segment.length(), queries});
            }
        }

        private static int[] joined(List<int[]> parts) {
            return parts.stream().flatMapToInt(Arrays::stream).toArray();
        }
    }
}
