package ai.rpo.core.tensor.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.sun.jna.Native;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every kernel through NVIDIA's own compiler, which needs no device: where {@code libnvrtc} is on this machine, or
 * {@code -Drpo.nvrtc} names it.
 */
class RealCompilerTest {

    private static final int[] ARCHITECTURES = {80, 86, 89, 90, 100, 120};

    @TempDir
    private Path folder;

    /** All that there are. */
    static List<String> files() throws IOException, URISyntaxException {
        Path one = Path.of(Compiler.class.getResource("elementwise.cu").toURI());
        try (Stream<Path> files = Files.list(one.getParent())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".cu"))
                    .map(name -> name.substring(0, name.length() - ".cu".length()))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void spillsNoRegisters(String file) {
        Nvrtc nvrtc = found();
        for (int architecture : ARCHITECTURES) {
            long[] program = {Compiler.program(nvrtc, file + ".cu")};
            String[] options = {"--gpu-architecture=sm_" + architecture, "--std=c++17", "--ptxas-options=-v"};
            long start = System.nanoTime();
            int result = nvrtc.nvrtcCompileProgram(program[0], options.length, options);
            long milliseconds = (System.nanoTime() - start) / 1_000_000;
            long[] bytes = new long[1];
            nvrtc.nvrtcGetProgramLogSize(program[0], bytes);
            byte[] log = new byte[(int) bytes[0]];
            nvrtc.nvrtcGetProgramLog(program[0], log);
            nvrtc.nvrtcDestroyProgram(program);
            String said = Device.text(log);
            assertEquals(0, result, said);
            System.out.println(file + ".cu for sm_" + architecture + ": " + milliseconds + " ms");
            assertFalse(said.replace(" 0 bytes spill", "").contains("bytes spill"), said);
        }
    }

    /** As the backend asks for it. */
    @ParameterizedTest
    @ValueSource(ints = {80, 86, 89, 90, 100, 120, 130})
    void makesWhatTheDriverTakes(int capability) {
        Compiler compiler = new Compiler(found(), new CubinCache(folder), Compiler::resource, capability);
        byte[] image = compiler.compile("head");
        if (capability > 120) {
            assertFalse(Device.text(image).isEmpty());
        } else {
            assertEquals(0x7f, image[0]); // ELF
        }
    }

    private static Nvrtc found() {
        String asked = System.getProperty("rpo.nvrtc");
        if (asked != null) {
            return Native.load(asked, Nvrtc.class);
        }
        for (String name : List.of("libnvrtc.so.13", "libnvrtc.so.12")) {
            try {
                return Native.load(name, Nvrtc.class);
            } catch (UnsatisfiedLinkError e) {
                // the next one, then
            }
        }
        return Assumptions.abort("NVRTC is not on this machine");
    }
}
