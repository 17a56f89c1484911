package ai.rpo.jobs.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.launch.SparkLauncher;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class NativeRoomTest {

    private static final String OVERHEAD = "spark.executor.memoryOverhead";

    @Test
    void ofThisMachine() {
        assertTrue(room("local[2]", Map.of()).bytes().getAsLong() > 100L << 20);
        assertTrue(room("local[2]", Map.of(OVERHEAD, "1g")).bytes().getAsLong() != 1L << 30, "has no meaning here");
    }

    @Test
    void ofAClusterThatLimitsTheWholeContainer() {
        for (String master : new String[] {"yarn", "k8s://https://nowhere:6443"}) {
            assertMegabytes(384, room(master, Map.of()));
            assertMegabytes(1638, room(master, Map.of("spark.executor.memory", "16g")));
            assertMegabytes(
                    8192,
                    room(master, Map.of("spark.executor.memory", "16g", "spark.executor.memoryOverheadFactor", "0.5")));
            assertMegabytes(20480, room(master, Map.of(OVERHEAD, "20g")));
            assertMegabytes(2000, room(master, Map.of(OVERHEAD, "2000")));
        }
    }

    @Test
    void whatNobodySaysIsNotMadeUp() {
        NativeRoom standalone = room("spark://nowhere:7077", Map.of());
        assertEquals(OptionalLong.empty(), standalone.bytes());
        assertTrue(standalone.describe().contains("limits the heap alone"), standalone.describe());
    }

    /** Of the host; its GPU's is another matter. */
    @Test
    void ofExecutorsWithAGpuToo() {
        assertMegabytes(2048, room("yarn", Map.of("spark.executor.resource.gpu.amount", "1", OVERHEAD, "2g")));
    }

    @Test
    void whatIsGivenGoesBeforeEverything() {
        for (String master : new String[] {"local[*]", "yarn", "spark://nowhere:7077"}) {
            Map<String, String> keys = Map.of("spark.executor.resource.gpu.amount", "1", OVERHEAD, "2g");
            assertMegabytes(24576, NativeRoom.of(launcher(master, keys), Optional.of("24g")));
        }
    }

    private static void assertMegabytes(long expected, NativeRoom room) {
        assertEquals(expected, room.bytes().getAsLong() >> 20, room.describe());
    }

    private static NativeRoom room(String master, Map<String, String> keys) {
        return NativeRoom.of(launcher(master, keys), Optional.empty());
    }

    private static SparkLauncher launcher(String master, Map<String, String> keys) {
        Map<String, String> all = new HashMap<>(keys);
        all.put("spark.jars", "rpo.jar");
        return new SparkLauncher("test", Optional.of(master), all);
    }
}
