package ai.rpo.core.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.preference.Findings.Example;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FindingsTest {

    @Test
    void countsAllAndKeepsTheFirst() {
        Findings findings = new Findings();
        LongStream.rangeClosed(1, 20).forEach(line -> findings.add(Reason.BLANK, example(line, "")));
        findings.add(Reason.TOO_LONG, example(3, "600 tokens, the limit is 512"));
        findings.add(Reason.TOO_LONG, 41, List.of(example(4, "x")));

        assertEquals(62, findings.total());
        assertEquals(
                Findings.EXAMPLES,
                findings.byReason().get(Reason.BLANK).examples().size());
        assertEquals(2, findings.byReason().get(Reason.TOO_LONG).examples().size());
        assertEquals("""
                42 × prompt and completion are longer than the limit, first at a.jsonl:3 (600 tokens, the limit is 512)
                20 × the line is blank, first at a.jsonl:1""", findings.summary());
    }

    private static Example example(long line, String detail) {
        return new Example(new RowPosition("a.jsonl", line), detail);
    }
}
