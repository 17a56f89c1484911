package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.tensor.Segment;
import java.util.List;
import org.junit.jupiter.api.Test;

class SegmentGroupsTest {

    @Test
    void aPromptAndItsCompletionsStayTogether() {
        Segment prompt = new Segment(0, 3, 0, 0);
        Segment chosen = new Segment(3, 2, 0, 3);
        Segment rejected = new Segment(5, 2, 0, 3);
        Segment alone = new Segment(7, 4, 0, 0);
        Segment empty = new Segment(11, 0, 0, 0);
        assertEquals(
                List.of(List.of(prompt, chosen, rejected), List.of(alone)),
                SegmentGroups.of(List.of(alone, prompt, chosen, rejected, empty)));
    }
}
