package ai.rpo.spark.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the machine has no namespaces, programs are refused, and there is nothing else to test. */
class ProgramRunnerTest {

    private static final ProgramRunner RUNNER = ProgramRunner.ofThisJvm();

    @BeforeAll
    static void needsNamespaces() {
        assumeTrue(RUNNER.missing().isEmpty(), () -> RUNNER.missing().orElseThrow());
    }

    @Test
    void aProgramThatEndsHasPassed() {
        assertEquals(Optional.empty(), RUNNER.run("import math, re, collections\nassert math.comb(4, 2) == 6\n"));
        assertEquals(Optional.empty(), RUNNER.run("print('a' * 10**6)\nopen('notes', 'w').write('é')\n"));
    }

    @Test
    void aProgramThatRaisesHasNot() {
        assertEquals(Optional.of("AssertionError"), RUNNER.run("assert 1 + 1 == 3"));
        assertEquals(Optional.of("NameError: name 'x' is not defined"), RUNNER.run("x"));
        assertTrue(RUNNER.run("def f(:").orElseThrow().contains("SyntaxError"));
    }

    @Test
    void leavingBeforeTheTestsIsNoWayToPassThem() {
        assertEquals(Optional.of("SystemExit: 0"), RUNNER.run("import sys\nsys.exit(0)"));
        assertEquals(Optional.of("it ended before its tests"), RUNNER.run("import os\nos._exit(0)"));
        assertFalse(
                RUNNER.run("import os\nos.write(3, b'passed\\n')\nos._exit(0)").isEmpty());
    }

    /** As in the reference, whose programs are no main module. */
    @Test
    void aMainBlockIsNotRun() {
        assertEquals(Optional.empty(), RUNNER.run("if __name__ == '__main__':\n    raise ValueError()"));
    }

    @Test
    void anEndlessLoopIsEnded() {
        assertEquals(Optional.of("TimeoutError: more than 3 s of the processor"), RUNNER.run("while True: pass"));
        assertFalse(RUNNER.run("while True:\n  try:\n    while True: pass\n  except BaseException: pass")
                .isEmpty());
        assertEquals(
                Optional.of("it took longer than 1 s"),
                RUNNER.run(
                        "import signal, time\nfor s in range(1, 30):\n  try: signal.signal(s, signal.SIG_IGN)\n"
                                + "  except OSError: pass\nwhile True: time.sleep(1)",
                        Duration.ofSeconds(1)));
    }

    @Test
    void aForkBombIsEndedWithAllItsChildren() throws Exception {
        Instant start = Instant.now().minusSeconds(1);
        assertFalse(RUNNER.run("import os\nwhile True: os.fork()").isEmpty());
        String sleepers = "import os, time\nfor _ in range(4): os.fork()\ntime.sleep(60)";
        assertFalse(RUNNER.run(sleepers, Duration.ofSeconds(2)).isEmpty());
        assertEquals(0, programsSince(start));
        assertEquals(Optional.empty(), RUNNER.run("pass"), "the machine still has room for processes");
    }

    /** Processes of programs that still run. */
    private static long programsSince(Instant start) throws InterruptedException {
        long count = 1;
        for (int i = 0; i < 50 && count > 0; i++) {
            Thread.sleep(100); // the kernel takes a moment to end a namespace
            count = ProcessHandle.allProcesses()
                    .map(ProcessHandle::info)
                    .filter(info -> info.startInstant().filter(start::isBefore).isPresent())
                    .filter(info -> info.commandLine().orElse("").contains("passed = sys.stdin.readline"))
                    .count();
        }
        return count;
    }

    @Test
    void tenGigabytesAreNotGiven() {
        assertEquals(Optional.of("MemoryError"), RUNNER.run("x = bytearray(10 * 1024 ** 3)"));
    }

    @Test
    void nothingOutsideCanBeWrittenOrRead(@TempDir Path outside) throws Exception {
        Path secret = Files.writeString(outside.resolve("secret"), "secret");
        assertTrue(RUNNER.run("open('" + outside.resolve("made") + "', 'w')")
                .orElseThrow()
                .startsWith("FileNotFound"));
        assertTrue(RUNNER.run("open('" + secret + "')").orElseThrow().startsWith("FileNotFound"));
        assertTrue(RUNNER.run("open('/usr/made', 'w')").orElseThrow().contains("Error"));
        assertTrue(RUNNER.run("open('large', 'wb').write(bytes(20 << 20))")
                .orElseThrow()
                .startsWith("OSError"));
        assertTrue(RUNNER.run("for i in range(9): open(str(i), 'wb').write(bytes(4 << 20))")
                .orElseThrow()
                .startsWith("OSError"));
        assertFalse(Files.exists(outside.resolve("made")));
    }

    @Test
    void theNetworkIsOutOfReach() throws Exception {
        try (ServerSocket server = new ServerSocket(0)) {
            String call = "import socket\nsocket.create_connection(('127.0.0.1', " + server.getLocalPort() + "), 2)";
            assertTrue(RUNNER.run(call).orElseThrow().contains("Error"));
        }
        assertTrue(RUNNER.run("import socket\nsocket.create_connection(('1.1.1.1', 80), 2)")
                .orElseThrow()
                .contains("Network is unreachable"));
    }

    @Test
    void nobodyInsideCanMountOrBecomeSomebodyElse() {
        String mount = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
                + "assert libc.mount(b'x', b'/scratch', b'tmpfs', 0, None) == 0";
        assertEquals(Optional.of("AssertionError"), RUNNER.run(mount));
        assertTrue(RUNNER.run("import os\nos.chroot('/scratch')").orElseThrow().startsWith("PermissionError"));
    }
}
