package ai.rpo.core.gauge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class GroupedMeanTest {

    /** Groups of means 2, 4 and 9: 5, with (9 + 1 + 16)/2 = 13 as variance over 3. */
    @Test
    void groupsCountAlikeAndAreOneDrawEach() {
        GroupedMean mean = GroupedMean.of(List.of(List.of(1.0, 3.0), List.of(4.0), List.of(8.0, 9.0, 10.0)));
        assertEquals(5, mean.mean(), 1e-12);
        assertEquals(Math.sqrt(13 / 3.0), mean.error(), 1e-12);
    }

    @Test
    void oneGroupTellsNoError() {
        assertEquals(new GroupedMean(2, 0), GroupedMean.of(List.of(List.of(1.0, 3.0))));
    }
}
