package ai.rpo.spark.prepare;

import java.util.HashMap;
import java.util.Map;

/** Counts the rows of a slice that are kept, and their tokens, as they come; begins anew with each slice. */
final class SliceCounts {

    private final Map<String, Place> places = new HashMap<>();
    private int file = -1;
    private long start = -1;

    /**
     * Says where a kept row stands.
     *
     * @param rows of the same slice and split before it
     * @param tokens in those
     */
    record Place(long rows, long tokens) {}

    /**
     * The place of the next row that is kept.
     *
     * @param file of the slice, as {@code start}
     * @param length tokens of the row
     */
    Place next(int file, long start, String split, long length) {
        if (file != this.file || start != this.start) {
            this.file = file;
            this.start = start;
            places.clear();
        }
        Place place = places.getOrDefault(split, new Place(0, 0));
        places.put(split, new Place(place.rows + 1, place.tokens + length));
        return place;
    }
}
