package ai.rpo.core.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class MicroBatchesTest {

    @Property(tries = 200)
    void everyItemOnceInOrderUnderTheLimit(
            @ForAll @Size(max = 20) List<@IntRange(min = 1, max = 9) Integer> rows,
            @ForAll @IntRange(min = 1, max = 25) int limit) {
        List<List<Integer>> groups = MicroBatches.of(rows, Integer::intValue, limit);
        assertEquals(rows, groups.stream().flatMap(List::stream).toList());
        for (int i = 0; i < groups.size(); i++) {
            assertTrue(
                    groups.get(i).size() == 1 || sum(groups.get(i)) <= limit, "a group of several is under the limit");
            if (i > 0) {
                assertTrue(sum(groups.get(i - 1)) + groups.get(i).get(0) > limit, "no group ends early");
            }
        }
    }

    @Example
    void nothingHasNoGroups() {
        MicroBatches<Integer> none = new MicroBatches<>(Collections.emptyIterator(), Integer::intValue, 5);
        assertFalse(none.hasNext());
        assertThrows(NoSuchElementException.class, none::next);
    }

    private static int sum(List<Integer> group) {
        return group.stream().mapToInt(Integer::intValue).sum();
    }
}
