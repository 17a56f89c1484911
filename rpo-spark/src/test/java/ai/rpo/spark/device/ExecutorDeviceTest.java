package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutorDeviceTest {

    @TempDir
    Path locks;

    private final List<Integer> bound = new ArrayList<>();

    @Test
    void theFirstAddressIsBoundOnceAndKept() {
        ExecutorDevice device = new ExecutorDevice(locks, bound::add);
        device.claim(List.of("3"));
        device.claim(List.of("3"));
        assertEquals(List.of(3), bound);
        assertTrue(assertThrows(RpoException.class, () -> device.claim(List.of("2")))
                .getMessage()
                .contains("already uses GPU 3"));
        assertEquals(List.of(3), bound);
    }

    @Test
    void severalAreRefused() {
        RpoException refused =
                assertThrows(RpoException.class, () -> new ExecutorDevice(locks, bound::add).claim(List.of("0", "1")));
        assertEquals(RpoException.Kind.CONFIGURATION, refused.kind());
        assertEquals(List.of(), bound);
    }

    @Test
    void anAddressThatIsNoNumberIsRefused() {
        assertThrows(RpoException.class, () -> new ExecutorDevice(locks, bound::add).claim(List.of("GPU-4e2f")));
    }

    /** A lock of another process would refuse in the same way; one of this JVM throws. */
    @Test
    void oneThatAnotherExecutorHasIsRefused() throws Exception {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Locker.class.getName(),
                        locks.resolve("gpu-0.lock").toString())
                .start();
        try {
            assertEquals('!', other.getInputStream().read());
            RpoException refused =
                    assertThrows(RpoException.class, () -> new ExecutorDevice(locks, bound::add).claim(List.of("0")));
            assertEquals(RpoException.Kind.RETRYABLE, refused.kind());
            assertEquals(List.of(), bound);
        } finally {
            other.destroyForcibly().waitFor();
        }
        new ExecutorDevice(locks, bound::add).claim(List.of("0"));
        assertEquals(List.of(0), bound);
    }

    /** Another executor: locks a file, says so, and waits to be killed. */
    static final class Locker {
        public static void main(String[] args) throws Exception {
            try (FileChannel channel =
                    FileChannel.open(Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                channel.lock();
                System.out.print('!');
                System.out.flush();
                Thread.sleep(60_000);
            }
        }
    }
}
