package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.tensor.cuda.EmulatedDevice;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each of some faults that one makes when writing kernels, planted into ours, is found by {@link BackendAgreementTest}. */
class PlantedFaultTest {

    private static Arguments fault(
            String what, String file, String right, String wrong, Consumer<BackendAgreementTest> check) {
        return Arguments.of(what, file, right, wrong, check);
    }

    static Stream<Arguments> faults() {
        Consumer<BackendAgreementTest> attention = BackendAgreementTest::attentionAndItsGradients;
        Consumer<BackendAgreementTest> rms = BackendAgreementTest::rmsNormAndItsGradients;
        Consumer<BackendAgreementTest> layer = BackendAgreementTest::layerNormAndItsGradients;
        return Stream.of(
                fault(
                        "no barrier before the parts of a sum are read",
                        "device.cuh",
                        "part[threadIdx.x >> 5] = value;\n    __syncthreads();\n    return warpSum",
                        "part[threadIdx.x >> 5] = value;\n    return warpSum",
                        rms),
                fault(
                        "no barrier before the parts of the next sum are written",
                        "device.cuh",
                        "__syncthreads();  // until others",
                        "// until others",
                        layer),
                fault(
                        "every row has the first one's share",
                        "elementwise.cu",
                        "sum += shares[p] * x",
                        "sum += shares[first] * x",
                        BackendAgreementTest::mixingOfRowsAndItsGradients),
                fault(
                        "every column has the first one's factor",
                        "magnitude.cu",
                        "row[i % columns]",
                        "row[0]",
                        BackendAgreementTest::magnitudes),
                fault(
                        "halves of a byte in the other order",
                        "packed.cu",
                        "at & 1 ? codes[at >> 1] & 15 : codes[at >> 1] >> 4",
                        "at & 1 ? codes[at >> 1] >> 4 : codes[at >> 1] & 15",
                        BackendAgreementTest::unpacking),
                fault(
                        "scales of the first row everywhere",
                        "packed.cu",
                        "scales[LEVELS + (first + i) / block]",
                        "scales[LEVELS + i / block]",
                        BackendAgreementTest::unpacking),
                fault(
                        "a sink left out of the sum",
                        "attention.cu",
                        "logSumExp[i] += fmaxf(above, 0)",
                        "logSumExp[i] += 0 * fmaxf(above, 0)",
                        BackendAgreementTest::attentionSinksAndTheirGradients),
                fault(
                        "a gradient beyond the clamp",
                        "activation.cu",
                        "fabsf(u) <= limit ? d * gate * s : 0",
                        "d * gate * s",
                        BackendAgreementTest::clampedGatesAndTheirGradients),
                fault("a shuffle too few", "device.cuh", "int apart = 16", "int apart = 8", rms),
                fault(
                        "a query does not see itself",
                        "attention.cu",
                        "bool seen = from + lane <= position",
                        "bool seen = from + lane < position",
                        attention),
                fault(
                        "a window one too wide",
                        "attention.cu",
                        "max(0, position - shape.window + 1)",
                        "max(0, position - shape.window)",
                        attention),
                fault(
                        "a prefix one key too long",
                        "attention.cu",
                        "return position < prefixLength",
                        "return position <= prefixLength",
                        attention),
                fault(
                        "query heads take turns at key heads",
                        "attention.cu",
                        "float top = MINUS_INFINITY, total = 0;",
                        "column = head % (shape.heads / shape.group) * headDim; float top = MINUS_INFINITY, total = 0;",
                        attention),
                fault(
                        "the cap's slope left out",
                        "attention.cu",
                        "return (1 - part * part) * shape.scale",
                        "return shape.scale",
                        attention),
                fault(
                        "no barrier of the warp before scores are read",
                        "attention.cu",
                        "                }\n                __syncwarp();\n                int count",
                        "                }\n                int count",
                        attention),
                fault(
                        "no barrier of the warp before scores are overwritten",
                        "attention.cu",
                        "dv[c] = dValue;\n                }\n                __syncwarp();",
                        "dv[c] = dValue;\n                }",
                        attention),
                fault(
                        "a lane leaves its warp",
                        "attention.cu",
                        "float kept = expf(top - larger);",
                        "if (!seen) continue; float kept = expf(top - larger);",
                        attention),
                fault(
                        "a wrong stride of new keys",
                        "attention.cu",
                        "fused[(first + row) * stride",
                        "fused[(first + row) * columns",
                        BackendAgreementTest::attentionToCaches),
                fault(
                        "heads share one inverse",
                        "norm.cu",
                        "inverseFirst + blockIdx.x % rows.heads] = r",
                        "inverseFirst] = r",
                        BackendAgreementTest::headNormAndItsGradients),
                fault(
                        "only the first of equal rows is added",
                        "elementwise.cu",
                        "s < target[2]",
                        "s < target[1] + 1",
                        BackendAgreementTest::rowMovement),
                fault(
                        "exponentials that overflow",
                        "head.cu",
                        "top = blockMax(top, part);",
                        "top = blockMax(top, part) - 100;",
                        BackendAgreementTest::targetLogpsAndTheirGradients),
                fault(
                        "columns beyond the first threads left out",
                        "head.cu",
                        "j += blockDim.x) sum +=",
                        "j += columns) sum +=",
                        BackendAgreementTest::targetLogpsAndTheirGradients));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void isFound(String what, String file, String right, String wrong, Consumer<BackendAgreementTest> check) {
        isFound(file, right, wrong, false, EmulatedDevice::source, backend -> {
            BackendAgreementTest test = new BackendAgreementTest();
            test.backend = backend;
            check.accept(test);
            test.nothingAroundTheTensorsChanged();
        });
    }

    /** With one text in place of another in one of the kernels' sources, a check must fail. */
    static void isFound(
            String file,
            String right,
            String wrong,
            boolean bfloat16,
            UnaryOperator<String> sources,
            Consumer<Backend> check) {
        EmulatedDevice.missing().ifPresent(why -> Assumptions.abort(why));
        String source = sources.apply(file);
        assertNotEquals(source, source.replace(right, wrong), "the fault is not where it was");
        Backend backend = EmulatedDevice.backend(
                bfloat16, name -> name.equals(file) ? source.replace(right, wrong) : sources.apply(name));
        Throwable found = assertThrows(Throwable.class, () -> check.accept(backend));
        assertFalse(String.valueOf(found.getMessage()).startsWith("Cannot compile"), found.getMessage());
    }
}
