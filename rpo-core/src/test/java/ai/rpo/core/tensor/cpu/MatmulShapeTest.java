package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class MatmulShapeTest {

    /** A batch of another length needs no primitive of its own. */
    @Test
    void oneServesAnyNumberOfTokens() {
        assertEquals(forward(764, 576).ofAnyTokens(), forward(801, 576).ofAnyTokens());
        assertEquals(
                weightGradient(764, 576).ofAnyTokens(), weightGradient(801, 576).ofAnyTokens());
    }

    @Test
    void theModelsOwnSizesStayApart() {
        assertNotEquals(forward(764, 576).ofAnyTokens(), forward(764, 512).ofAnyTokens());
        assertNotEquals(
                weightGradient(764, 576).ofAnyTokens(), weightGradient(764, 512).ofAnyTokens());
    }

    private static MatmulShape forward(int tokens, int in) {
        return new MatmulShape(false, true, tokens, 320, in, in, in, 320, false, false);
    }

    private static MatmulShape weightGradient(int tokens, int in) {
        return new MatmulShape(true, false, 320, in, tokens, 320, in, in, true, false);
    }
}
