package ai.rpo.core.tensor.cuda;

import ai.rpo.core.tensor.Segment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Tiles of queries, as the attention kernels on tensor cores read them. */
final class FlashWork {

    private static final int NUMBERS = 6; // of a Queries in the kernels

    private FlashWork() {}

    /**
     * Divides segments into tiles, those that see the most keys first: a device begins blocks in their order, and short ones
     * fill what long ones leave at the end.
     */
    static int[] queries(List<Segment> segments, int rows) {
        return segments.stream()
                .flatMap(segment -> IntStream.range(0, (segment.length() + rows - 1) / rows)
                        .mapToObj(tile -> queries(segment, tile * rows, rows)))
                .sorted(Comparator.comparingInt(tile -> -tile[1] - tile[2]))
                .flatMapToInt(Arrays::stream)
                .toArray();
    }

    private static int[] queries(Segment segment, int from, int rows) {
        return new int[] {
            segment.start() + from,
            Math.min(rows, segment.length() - from),
            segment.prefixLength() + from,
            segment.prefixStart(),
            segment.prefixLength(),
            segment.start()
        };
    }

    static int tiles(int[] queries) {
        return queries.length / NUMBERS;
    }
}
