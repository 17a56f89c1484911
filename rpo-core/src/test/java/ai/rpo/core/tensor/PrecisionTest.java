package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PrecisionTest {

    @ParameterizedTest
    @EnumSource
    void eachHasAName(Precision precision) {
        assertEquals(precision, Precision.of(precision.key()));
    }

    @Test
    void aMisspeltOneIsRefused() {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> Precision.of("bf16"));
        assertEquals(
                "Cannot compute in bf16: products are of float32 or bfloat16. Name one of these.",
                refused.getMessage());
    }
}
