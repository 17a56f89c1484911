package ai.rpo.core.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.tensor.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BackendsTest {

    @ParameterizedTest
    @EnumSource
    void everyPrecisionHasAName(Precision precision) {
        assertEquals(precision, Precision.of(precision.key()));
    }

    @Test
    void aMisspeltPrecisionIsRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Backends.create("bf16", 1));
        assertEquals(
                "Cannot compute in bf16: products are of float32 or bfloat16. Name one of these.",
                refused.getMessage());
    }
}
