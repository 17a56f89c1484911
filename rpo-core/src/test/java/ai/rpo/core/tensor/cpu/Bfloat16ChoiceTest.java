package ai.rpo.core.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

class Bfloat16ChoiceTest {

    private static final DoubleSupplier NOT_ASKED = () -> fail("measured where nothing depends on it");

    @Test
    void theInstructionsDecideWhereTheyCan() {
        assertEquals(
                new Bfloat16Choice(
                        false, "float32 (not bfloat16 as asked for: this processor has no instructions for it)"),
                Bfloat16Choice.of(false, false, NOT_ASKED));
        assertEquals(new Bfloat16Choice(true, "bfloat16 products"), Bfloat16Choice.of(true, true, NOT_ASKED));
    }

    @Test
    void elseTheFasterOneIsTaken() {
        assertEquals(
                new Bfloat16Choice(true, "bfloat16 products (measured: 1.4 times float32's rate)"),
                Bfloat16Choice.of(true, false, () -> 1.4));
        assertEquals(
                new Bfloat16Choice(
                        false,
                        "float32 (not bfloat16 as asked for: measured, its products have 0.83 times float32's rate)"),
                Bfloat16Choice.of(true, false, () -> 0.83));
    }

    @Test
    void thisProcessorIsAskedOnce() {
        Bfloat16Choice here = Bfloat16Choice.here(OneDnn.shared());
        assertSame(here, Bfloat16Choice.here(OneDnn.shared()));
        assertTrue(here.rounds() || here.description().startsWith("float32 (not"), here.description());
    }
}
