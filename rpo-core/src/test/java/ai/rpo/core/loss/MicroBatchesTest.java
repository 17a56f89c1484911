package ai.rpo.core.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.decoder.Example;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class MicroBatchesTest {

    @Property(tries = 200)
    void everyRowOnceInOrderUnderTheLimit(
            @ForAll @Size(max = 20) List<@IntRange(min = 1, max = 9) Integer> lengths,
            @ForAll @IntRange(min = 1, max = 25) int limit) {
        List<TrainingExample> batch = new ArrayList<>();
        for (int length : lengths) {
            batch.add(new TrainingExample(
                    batch.size(), new Example(new int[length], List.of(new int[1])), new double[0]));
        }
        List<List<TrainingExample>> parts = MicroBatches.split(batch, limit);
        assertEquals(batch, parts.stream().flatMap(List::stream).toList());
        for (int i = 0; i < parts.size(); i++) {
            int rows = rows(parts.get(i));
            assertTrue(parts.get(i).size() == 1 || rows <= limit, "a part of several is under the limit");
            if (i > 0) {
                int withNext =
                        rows(parts.get(i - 1)) + parts.get(i).get(0).example().packedRows();
                assertTrue(withNext > limit, "no part ends early");
            }
        }
    }

    private static int rows(List<TrainingExample> part) {
        return part.stream().mapToInt(e -> e.example().packedRows()).sum();
    }
}
