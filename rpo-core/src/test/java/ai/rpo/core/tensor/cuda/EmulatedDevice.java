package ai.rpo.core.tensor.cuda;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A CUDA device that g++ makes of this machine's processor: the driver, NVRTC and cuBLASLt in one library, built once a
 * JVM. Kernels are compiled and run as they are. With {@code -Drpo.test.device=real}, which {@code bench/gpu.sh} sets, tests
 * compute on this machine's first CUDA device in its place, and on nothing beside it.
 */
public final class EmulatedDevice {

    private static final String LIBRARY = "libemulated.so";
    private static final boolean REAL = "real".equals(System.getProperty("rpo.test.device"));
    private static final EmulatedDevice INSTANCE = new EmulatedDevice();

    private final Path folder;
    private final String missing; // why there is none, or null

    /** What the library has beside NVIDIA's functions. */
    interface Settings extends Library {

        void emuSet(String key, long value);

        long emuUsed();

        int emuCompilations();
    }

    private EmulatedDevice() {
        try {
            folder = Files.createTempDirectory("emulated-device");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteAll(folder)));
            missing = REAL ? null : build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private String build() throws IOException, InterruptedException {
        if (!System.getProperty("os.arch").equals("amd64")) {
            return "the emulation of a CUDA device needs an x86-64 processor";
        }
        for (String file : new String[] {"kernels.hpp", "driver.cpp"}) {
            try (InputStream in = EmulatedDevice.class.getResourceAsStream("emulator/" + file)) {
                Files.copy(in, folder.resolve(file));
            }
        }
        ProcessBuilder compiler = new ProcessBuilder(
                        "g++",
                        "-std=c++17",
                        "-O2",
                        "-ftree-vectorize",
                        "-fPIC",
                        "-shared",
                        "-DEMU_HEADER=\"" + folder.resolve("kernels.hpp") + "\"",
                        "-o",
                        folder.resolve(LIBRARY).toString(),
                        folder.resolve("driver.cpp").toString(),
                        "-ldl")
                .redirectErrorStream(true);
        Process process;
        try {
            process = compiler.start();
        } catch (IOException e) {
            return "the emulation of a CUDA device needs g++, which is not on this machine";
        }
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IllegalStateException("g++ refuses the emulation of a CUDA device:\n" + said);
        }
        return null;
    }

    /** Whether a real one stands in its place. */
    public static boolean isReal() {
        return REAL;
    }

    /** Why this machine cannot have one. */
    public static Optional<String> missing() {
        return Optional.ofNullable(INSTANCE.missing);
    }

    /** A backend on it, by name; none where it cannot be had, which standard error then says. */
    public static Map<String, CudaBackend> backends() {
        Map<String, CudaBackend> backends = new LinkedHashMap<>();
        if (INSTANCE.missing == null) {
            backends.put(REAL ? "CUDA device" : "emulated CUDA device", backend(false));
        } else {
            System.err.println("Skipping tests of CUDA kernels: " + INSTANCE.missing + ".");
        }
        return backends;
    }

    public static CudaBackend backend(boolean bfloat16) {
        return REAL ? CudaBackend.create(bfloat16, 0) : backend(bfloat16, Compiler::resource);
    }

    /** The text of a file of kernels as it is. */
    public static String source(String file) {
        return Compiler.resource(file);
    }

    /** With other kernels. */
    public static CudaBackend backend(boolean bfloat16, UnaryOperator<String> sources) {
        return new CudaBackend(Libraries.load(names()), 0, cache(), sources, bfloat16);
    }

    static Libraries.Names names() {
        String library = library().toString();
        return new Libraries.Names(library, library, library);
    }

    static CubinCache cache() {
        return new CubinCache(INSTANCE.folder.resolve("cache"));
    }

    static Settings settings() {
        return Native.load(library().toString(), Settings.class);
    }

    private static Path library() {
        return INSTANCE.folder.resolve(LIBRARY);
    }

    private static void deleteAll(Path folder) {
        try (var files = Files.walk(folder)) {
            files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
