package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CpuBackendTest {

    @Test
    void saysWhatComputesAndWhyNotAsAskedFor() {
        String asked = CpuBackend.create(true, 1).describe();
        if (new OneDnn().hasBfloat16()) {
            assertTrue(asked.contains("bfloat16 products, 1 thread"), asked);
        } else {
            assertTrue(asked.contains("float32 (not bfloat16 as asked for"), asked);
        }
        assertTrue(CpuBackend.create(false, 3).describe().endsWith("float32, 3 threads"));
    }

    @Test
    void roundingIsToTheNearestAndTiesToEven() {
        assertEquals(1f, RoundedProducts.rounded(1f + 0x1p-8f));
        assertEquals(1f + 0x1p-6f, RoundedProducts.rounded(1f + 0x3p-8f));
        assertEquals(-1f - 0x1p-7f, RoundedProducts.rounded(-1f - 0x1p-8f - 0x1p-20f));
        assertEquals(Float.POSITIVE_INFINITY, RoundedProducts.rounded(Float.MAX_VALUE));
        assertEquals(0f, RoundedProducts.rounded(0f));
    }
}
