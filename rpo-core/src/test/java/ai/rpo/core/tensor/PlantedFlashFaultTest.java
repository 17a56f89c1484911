package ai.rpo.core.tensor;

import ai.rpo.core.tensor.cuda.EmulatedDevice;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults in the attention kernels on tensor cores are found by {@link FlashAttentionTest}. */
class PlantedFlashFaultTest {

    private static final String COMMON = "flash.cuh";
    private static final String FORWARD = "flashForward.cuh";
    private static final String BACKWARD = "flashBackward.cuh";

    private static Arguments fault(String what, String file, String right, String wrong) {
        return Arguments.of(what, file, right, wrong);
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                fault(
                        "no barrier before keys are read",
                        FORWARD,
                        "__syncthreads();  // keys are there; values",
                        "// keys are there; values"),
                fault(
                        "values are not waited for",
                        FORWARD,
                        "awaitCopies<0>();\n        __syncthreads();  // values",
                        "awaitCopies<1>();\n        __syncthreads();  // values"),
                fault("the last copies are not waited for", FORWARD, "    }\n    awaitCopies<0>();\n", "    }\n"),
                fault("a row that has seen nothing yet", FORWARD, "larger == MINUS_INFINITY ? 0 : larger", "larger"),
                fault("a window one too wide", COMMON, "apart < window", "apart <= window"),
                fault(
                        "a tile of which all but one is seen is not masked",
                        COMMON,
                        "all = least >= 0",
                        "all = least >= -1"),
                fault(
                        "tiles are not copied to where they are read",
                        COMMON,
                        "copyAsync16(tile + at(row, chunk)",
                        "copyAsync16(tile + (row * CHUNKS + chunk) * 8"),
                fault(
                        "no barrier before a tile of queries is overwritten",
                        BACKWARD,
                        "__syncthreads();  // the tile is there",
                        "// the tile is there"),
                fault("the cap's slope left out", BACKWARD, "1 - part * part", "1"),
                fault(
                        "queries that only later keys see",
                        BACKWARD,
                        "ahead + work.rows - 1 + shape.window",
                        "ahead + shape.window"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void isFound(String what, String file, String right, String wrong) {
        boolean forward = !file.equals(BACKWARD);
        PlantedFaultTest.isFound(
                file, right, wrong, true, onePass(forward), backend -> FlashAttentionTest.check(backend, forward));
    }

    /** What is not looked at need not be compiled. */
    private static UnaryOperator<String> onePass(boolean forward) {
        String other = "#include \"" + (forward ? BACKWARD : FORWARD) + "\"";
        return file -> file.equals("flash64.cu")
                ? EmulatedDevice.source(file).replace(other, "")
                : EmulatedDevice.source(file);
    }
}
