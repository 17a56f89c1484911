package ai.rpo.core.decoder;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.ToIntFunction;

/**
 * Groups neighbours into what is computed at once: as many as have no more rows together than a limit, and one alone if
 * it has more. Holds one group at a time, and the item that begins the next.
 */
public final class MicroBatches<T> implements Iterator<List<T>> {

    private final Iterator<T> items;
    private final ToIntFunction<T> rows;
    private final int most;
    private T held;

    /**
     * @param rows of an item, as {@link Example#packedRows}
     * @param most rows of a group of several
     */
    public MicroBatches(Iterator<T> items, ToIntFunction<T> rows, int most) {
        this.items = items;
        this.rows = rows;
        this.most = most;
    }

    /** The groups of a whole list; see {@link #MicroBatches}. */
    public static <T> List<List<T>> of(List<T> items, ToIntFunction<T> rows, int most) {
        List<List<T>> groups = new ArrayList<>();
        new MicroBatches<>(items.iterator(), rows, most).forEachRemaining(groups::add);
        return groups;
    }

    @Override
    public boolean hasNext() {
        return held != null || items.hasNext();
    }

    @Override
    public List<T> next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        List<T> group = new ArrayList<>();
        long used = 0;
        while (hasNext()) {
            T item = held == null ? items.next() : held;
            held = null;
            used += rows.applyAsInt(item);
            if (!group.isEmpty() && used > most) {
                held = item;
                break;
            }
            group.add(item);
        }
        return group;
    }
}
