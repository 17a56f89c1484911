package ai.rpo.core.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Verifier.Submission;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerifiersTest {

    private static Verifier verifier(String name, String pattern) {
        return Verifiers.get(name, Optional.ofNullable(pattern), VerifiersTest.class.getClassLoader());
    }

    private static double grade(Verifier verifier, String answer, String reference) {
        return verifier.verify(new Submission(List.of("turn"), List.of(answer), Optional.ofNullable(reference)))
                .value();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            exact-match |                | ' Paris '                       | Paris         | 1
            exact-match |                | paris                           | Paris         | 0
            number      |                | 'so 3 + 4, that is $1,234.50.'  | '#### 1234.5' | 1
            number      |                | it is 18.                       | 20 then 18    | 1
            number      |                | minus is -18                    | 18            | 0
            number      |                | the unit −3                     | -3.0          | 1
            number      |                | none                            | 18            | 0
            regular-expression | '####\\s*(\\S+)' | '#### 1 no, #### 18'     | 'x #### 18'   | 1
            regular-expression | '####\\s*(\\S+)' | '#### 18'                | 18            | 1
            regular-expression | '####\\s*(\\S+)' | '18'                     | 18            | 0
            regular-expression | '[Yy]es'         | 'Yes, I think'           |               | 1
            regular-expression | '[Yy]es'         | 'No'                     |               | 0
            """)
    void grades(String name, String pattern, String answer, String reference, double grade) {
        assertEquals(grade, grade(verifier(name, pattern), answer, reference));
    }

    @Test
    void whatIsMissingIsNamed() {
        assertTrue(assertThrows(RpoException.class, () -> verifier("exact", null))
                .getMessage()
                .contains("there is none of that name, only exact-match, number, regular-expression, "));
        assertTrue(assertThrows(RpoException.class, () -> verifier("regular-expression", null))
                .getMessage()
                .contains("rpo.judge.program.pattern"));
        assertTrue(assertThrows(RpoException.class, () -> verifier("regular-expression", "("))
                .getMessage()
                .contains("Unclosed group"));
        assertTrue(assertThrows(RpoException.class, () -> grade(verifier("number", null), "1", null))
                .getMessage()
                .contains("no right answer (\"turn\")"));
        assertTrue(assertThrows(RpoException.class, () -> grade(verifier("number", null), "1", "one"))
                .getMessage()
                .contains("a right answer holds none (\"one\")"));
    }

    @Test
    void verifiersOfJarsAreFoundByName() {
        assertEquals(0.5, grade(verifier("half", null), "whatever", null));
    }
}
