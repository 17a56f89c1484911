package ai.rpo.core.tensor.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.LogLines;
import ai.rpo.core.tensor.Backend;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said where there is no device to compute on, and what goes on without. */
class DeviceConditionsTest {

    private static final Map<String, Long> USUAL = Map.of(
            "devices",
            1L,
            "capability",
            80L,
            "driver",
            12090L,
            "memory",
            4L << 30,
            "init",
            0L,
            "pools",
            1L,
            "newest",
            120L,
            "lost",
            0L,
            "retain",
            0L);

    @TempDir
    Path folder;

    @BeforeEach
    void emulation() {
        EmulatedDevice.missing().ifPresent(why -> Assumptions.abort(why));
    }

    @AfterEach
    void asUsual() {
        if (EmulatedDevice.missing().isEmpty()) {
            USUAL.forEach(EmulatedDevice.settings()::emuSet);
        }
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "init, 100, the driver finds no device to use (CUDA_ERROR_NO_DEVICE)",
                "driver, 11080, `the driver is of CUDA 11.8, and 12.0 or newer is needed (Linux driver 525)`",
                "devices, 0, there is no device 0 among the 0 that the driver finds",
                "capability, 75, `emulated device 0 is of compute capability 7.5, and 8.0 is needed`",
                "pools, 0, emulated device 0 has no memory pools",
                "retain, 2, other processes on emulated device 0 fill its memory (CUDA_ERROR_OUT_OF_MEMORY)",
                "retain, 46, other processes on emulated device 0 have it to themselves (CUDA_ERROR_DEVICE_UNAVAILABLE)"
            })
    void aDeviceThatCannotBeUsedIsNamed(String setting, long value, String reason) {
        EmulatedDevice.settings().emuSet(setting, value);
        assertEquals(
                reason,
                assertThrows(DeviceException.class, () -> EmulatedDevice.backend(false))
                        .getMessage());
    }

    @Test
    void aLibraryThatIsMissingIsNamed() {
        Libraries.Names names = EmulatedDevice.names();
        refused(
                new Libraries.Names("libnodriver.so.1", names.nvrtc(), names.cublasLt()),
                "libnodriver.so.1 is not on this machine");
        refused(
                new Libraries.Names(names.driver(), "libnocompiler.so.", names.cublasLt()),
                "libnocompiler.so.12 is not on this machine");
        EmulatedDevice.settings().emuSet("driver", 13000);
        refused(
                new Libraries.Names(names.driver(), names.nvrtc(), "libnoproducts.so."),
                "libnoproducts.so.13 or libnoproducts.so.12 is not on this machine");
    }

    private static void refused(Libraries.Names names, String reason) {
        assertEquals(
                reason,
                assertThrows(DeviceException.class, () -> Libraries.load(names)).getMessage());
    }

    @Test
    void devicesAreCountedByTheirBuses() {
        EmulatedDevice.settings().emuSet("devices", 2);
        Driver driver = Libraries.load(EmulatedDevice.names()).driver();
        assertEquals("emulated device 1", Device.open(driver, 0).name());
        assertEquals("emulated device 0", Device.open(driver, 1).name());
    }

    @Test
    void memoryThatIsNotThereIsNamed() {
        Backend backend = EmulatedDevice.backend(false);
        EmulatedDevice.settings().emuSet("memory", EmulatedDevice.settings().emuUsed() + 1_000_000);
        Storage fits = backend.allocate(100_000);
        String message = assertThrows(DeviceException.class, () -> backend.allocate(500_000_000))
                .getMessage();
        assertTrue(message.startsWith("Cannot allocate 2.000 GB on emulated device 0: 0.001 GB of "), message);
        assertTrue(message.contains("tokens-per-micro-batch"), message);
        fits.free();
    }

    /** Two executors on one card have memory between them, and are right all the same. */
    @Test
    void aCardThatIsSharedIsRightUntilItIsFull() {
        Backend one = EmulatedDevice.backend(false);
        Backend other = EmulatedDevice.backend(false);
        for (Backend backend : List.of(one, other, one)) {
            Storage x = backend.allocate(1);
            x.write(0, new float[] {21}, 0, 1);
            backend.scale(x.tensor(0, 1, 1), 2);
            assertArrayEquals(new double[] {42}, x.tensor(0, 1, 1).toArray());
        }
        EmulatedDevice.settings().emuSet("memory", EmulatedDevice.settings().emuUsed() + 10_000_000);
        Storage most = one.allocate(2_000_000);
        String message = assertThrows(DeviceException.class, () -> other.allocate(2_000_000))
                .getMessage();
        assertTrue(message.startsWith("Cannot allocate 0.008 GB on emulated device 0: 0.002 GB of "), message);
        assertTrue(message.contains("let no other process use the device"), message);
        most.free();
    }

    /** Whichever call hears of it. */
    @ParameterizedTest
    @CsvSource({
        "700, CUDA_ERROR_ILLEGAL_ADDRESS",
        "214, CUDA_ERROR_ECC_UNCORRECTABLE",
        "46, CUDA_ERROR_DEVICE_UNAVAILABLE"
    })
    void aLostDeviceIsToldFromOtherFailures(int error, String name) {
        Backend backend = EmulatedDevice.backend(false);
        Storage storage = backend.allocate(4);
        Tensor x = storage.tensor(0, 2, 2);
        Tensor y = backend.allocate(4).tensor(0, 2, 2);
        backend.linear(x, y, backend.allocate(4).tensor(0, 2, 2), false);
        backend.scale(x, 2);
        EmulatedDevice.settings().emuSet("lost", error);
        List<Executable> calls = List.of(
                () -> backend.scale(x, 2),
                () -> backend.zero(x),
                () -> backend.allocate(1),
                () -> backend.linear(x, x, y, false),
                x::toArray);
        for (Executable call : calls) {
            String message = assertThrows(LostDeviceException.class, call).getMessage();
            assertTrue(message.startsWith("Cannot "), message);
            assertTrue(message.contains(" emulated device 0: as emulated (" + name + "). The device is lost"), message);
        }
        storage.free(); // its memory went with the device
    }

    /** Something else may be wrong with one kernel only. */
    @Test
    void aKernelThatIsNotThereIsNoLoss() {
        Backend backend = EmulatedDevice.backend(
                false,
                file -> file.equals("elementwise.cu") ? "__global__ void other() {}" : EmulatedDevice.source(file));
        Tensor x = backend.allocate(1).tensor(0, 1, 1);
        String message =
                assertThrows(DeviceException.class, () -> backend.scale(x, 2)).getMessage();
        assertTrue(
                message.startsWith("Cannot find scale on emulated device 0: as emulated (CUDA_ERROR_NOT_FOUND)"),
                message);
    }

    @Test
    void memoryIsGivenBackWithItsOwner() throws InterruptedException {
        Backend backend = EmulatedDevice.backend(false);
        long before = EmulatedDevice.settings().emuUsed();
        Storage storage = backend.allocate(1 << 20);
        assertEquals(before + (4 << 20), EmulatedDevice.settings().emuUsed());
        storage.free();
        storage.free();
        assertEquals(before, EmulatedDevice.settings().emuUsed());
        backend.allocate(16 << 20); // and forgotten
        for (int i = 0; i < 100 && EmulatedDevice.settings().emuUsed() > before; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertTrue(EmulatedDevice.settings().emuUsed() <= before);
    }

    @Test
    void aKernelThatTheCompilerRefusesIsNamed() {
        Backend backend = EmulatedDevice.backend(
                false, file -> file.equals("activation.cu") ? "#include <nothing.h>\n" : EmulatedDevice.source(file));
        Storage x = backend.allocate(1);
        backend.scale(x.tensor(0, 1, 1), 2);
        String message = assertThrows(
                        DeviceException.class,
                        () -> backend.activation(
                                x.tensor(0, 1, 1), ai.rpo.core.tensor.Activation.SILU, x.tensor(0, 1, 1)))
                .getMessage();
        assertTrue(
                message.startsWith("Cannot compile activation.cu with NVRTC 12.9 and --gpu-architecture=sm_80: "),
                message);
        assertTrue(message.contains("nothing.h"), message);
        assertEquals(1, message.lines().count(), message);
    }

    /** Such as one without its libnvrtc-builtins: found before a backend is chosen, so that the processor computes. */
    @Test
    void aCompilerThatDoesNotWorkIsFoundAtTheStart() {
        String message = assertThrows(
                        DeviceException.class,
                        () -> EmulatedDevice.backend(
                                false,
                                file -> file.equals("elementwise.cu")
                                        ? "#error no builtins\n"
                                        : EmulatedDevice.source(file)))
                .getMessage();
        assertTrue(message.startsWith("Cannot compile elementwise.cu with NVRTC 12.9"), message);
        assertTrue(message.contains("no builtins"), message);
    }

    @Test
    void aKernelIsCompiledOnce() throws IOException {
        CubinCache cache = new CubinCache(folder.resolve("kernels"));
        assertEquals(1, compilations(cache, 80));
        assertEquals(0, compilations(cache, 80));
        assertEquals(1, compilations(cache, 90), "of another architecture");
    }

    @Test
    void aDamagedKernelIsCompiledAgain() throws IOException {
        CubinCache cache = new CubinCache(folder.resolve("kernels"));
        assertTrue(compiles(cache));
        Path file = files(cache).get(0);
        byte[] content = Files.readAllBytes(file);
        content[content.length / 2] ^= 1;
        for (byte[] damaged : List.of(content, new byte[5])) {
            Files.write(file, damaged);
            try (LogLines log = new LogLines(CubinCache.class)) {
                assertTrue(compiles(cache));
                assertEquals(List.of(file + " is damaged: compiling again."), log.all());
            }
            assertFalse(compiles(cache));
        }
    }

    /** A folder lies where its file would: neither read nor written, as on a disk that is full or does not answer. */
    @Test
    void aKernelThatCannotBeKeptLeavesNothingBehind() throws IOException {
        CubinCache cache = new CubinCache(folder.resolve("kernels"));
        assertTrue(compiles(cache));
        Path file = files(cache).get(0);
        Files.delete(file);
        Files.createFile(Files.createDirectory(file).resolve("other"));
        try (LogLines log = new LogLines(CubinCache.class)) {
            assertTrue(compiles(cache));
            assertTrue(
                    log.all().get(0).startsWith("Cannot read " + file + ": "),
                    log.all().toString());
            assertTrue(
                    log.all().get(1).startsWith("Cannot keep compiled kernels in "),
                    log.all().toString());
        }
        assertEquals(List.of(file), files(cache));
    }

    @Test
    void withoutAPlaceToKeepThemKernelsAreCompiledAgain() throws IOException {
        CubinCache cache =
                new CubinCache(Files.createFile(folder.resolve("file")).resolve("kernels"));
        try (LogLines log = new LogLines(CubinCache.class)) {
            assertEquals(1, compilations(cache, 80));
            assertEquals(1, compilations(cache, 80));
            assertEquals(1, log.all().size(), "said once for all kernels: " + log.all());
            String line = log.all().get(0);
            assertTrue(line.startsWith("Cannot keep compiled kernels in " + cache.folder() + ": "), line);
            assertTrue(line.endsWith(". They are compiled again at each start."), line);
        }
    }

    /** A driver translates what is made for the newest device that the compiler knows. */
    @Test
    void aDeviceNewerThanTheCompilerIsServed() {
        EmulatedDevice.settings().emuSet("newest", 90);
        compilations(new CubinCache(folder), 100);
    }

    /** Doubles a number on a new backend; returns how many files of kernels that compiled. */
    private static int compilations(CubinCache cache, int capability) {
        EmulatedDevice.settings().emuSet("capability", capability);
        int before = EmulatedDevice.settings().emuCompilations();
        Backend backend =
                new CudaBackend(Libraries.load(EmulatedDevice.names()), 0, cache, EmulatedDevice::source, false);
        Storage x = backend.allocate(1);
        x.write(0, new float[] {21}, 0, 1);
        backend.scale(x.tensor(0, 1, 1), 2);
        assertArrayEquals(new double[] {42}, x.tensor(0, 1, 1).toArray());
        return EmulatedDevice.settings().emuCompilations() - before;
    }

    /** Whether a kernel is asked of the compiler, which gives some bytes. */
    private static boolean compiles(CubinCache cache) {
        AtomicBoolean asked = new AtomicBoolean();
        byte[] image = {1, 2, 3};
        assertArrayEquals(image, cache.get("file", "all that goes into it", () -> {
            asked.set(true);
            return image;
        }));
        return asked.get();
    }

    private static List<Path> files(CubinCache cache) throws IOException {
        try (Stream<Path> files = Files.list(cache.folder())) {
            return files.toList();
        }
    }
}
