package ai.rpo.core.tensor.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Compiles kernels for one compute capability: to machine code, or, for a device that NVRTC does not know yet, to PTX,
 * which the driver translates.
 */
final class Compiler {

    private static final Pattern INCLUDE = Pattern.compile("#include \"([^\"]+)\"");

    private final Nvrtc nvrtc;
    private final CubinCache cache;
    private final UnaryOperator<String> sources;
    private final String[] options;
    private final String version;
    private final boolean machineCode;

    /** @param sources text of a file of kernels */
    Compiler(Nvrtc nvrtc, CubinCache cache, UnaryOperator<String> sources, int capability) {
        this.nvrtc = nvrtc;
        this.cache = cache;
        this.sources = sources;
        int[] major = new int[1];
        int[] minor = new int[1];
        nvrtc.nvrtcVersion(major, minor);
        version = "NVRTC " + major[0] + "." + minor[0];
        int[] known = known(nvrtc);
        OptionalInt served = Arrays.stream(known)
                .filter(one -> one / 10 == capability / 10 && one <= capability)
                .max();
        machineCode = served.isPresent();
        int newest = Arrays.stream(known).max().orElseThrow();
        options = new String[] {
            "--gpu-architecture=" + (machineCode ? "sm_" + served.getAsInt() : "compute_" + newest), "--std=c++17"
        };
    }

    /** Reads a file that lies beside this class. */
    static String resource(String file) {
        try (InputStream in = Compiler.class.getResourceAsStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String describe() {
        return version;
    }

    /** @throws DeviceException with the compiler's first words if it refuses */
    byte[] compile(String file) {
        String source = sources.apply(file + ".cu");
        Map<String, String> headers = headers(source, sources);
        String key = String.join("\n", version, String.join(" ", options), String.join("\n", headers.values()), source);
        return cache.get(file, key, () -> compile(file + ".cu", source, headers));
    }

    /** Headers that a source includes, and those that they include, by name. */
    private static Map<String, String> headers(String source, UnaryOperator<String> sources) {
        Map<String, String> headers = new LinkedHashMap<>();
        INCLUDE.matcher(source).results().map(found -> found.group(1)).forEach(name -> {
            String header = sources.apply(name);
            headers.put(name, header);
            headers.putAll(headers(header, sources));
        });
        return headers;
    }

    /** Makes a program of a file of kernels, which is the caller's to destroy. */
    static long program(Nvrtc nvrtc, String file) {
        String source = resource(file);
        return program(nvrtc, file, source, headers(source, Compiler::resource));
    }

    private static long program(Nvrtc nvrtc, String file, String source, Map<String, String> headers) {
        long[] program = new long[1];
        String[] names = headers.keySet().toArray(String[]::new);
        String[] contents = headers.values().toArray(String[]::new);
        nvrtc.nvrtcCreateProgram(program, source, file, names.length, contents, names);
        return program[0];
    }

    /** @param file what the compiler calls the source */
    private byte[] compile(String file, String source, Map<String, String> headers) {
        long[] program = {program(nvrtc, file, source, headers)};
        try {
            int result = nvrtc.nvrtcCompileProgram(program[0], options.length, options);
            if (result != 0) {
                throw new DeviceException("Cannot compile " + file + " with " + version + " and " + options[0] + ": "
                        + log(program[0]) + ". Use another version of libnvrtc, or forbid the device.");
            }
            long[] bytes = new long[1];
            byte[] image;
            if (machineCode) {
                nvrtc.nvrtcGetCUBINSize(program[0], bytes);
                image = new byte[Math.toIntExact(bytes[0])];
                nvrtc.nvrtcGetCUBIN(program[0], image);
            } else {
                nvrtc.nvrtcGetPTXSize(program[0], bytes);
                image = new byte[Math.toIntExact(bytes[0])];
                nvrtc.nvrtcGetPTX(program[0], image);
            }
            return image;
        } finally {
            nvrtc.nvrtcDestroyProgram(program);
        }
    }

    /** The first line that speaks of an error. */
    private String log(long program) {
        long[] bytes = new long[1];
        nvrtc.nvrtcGetProgramLogSize(program, bytes);
        byte[] log = new byte[Math.toIntExact(bytes[0])];
        nvrtc.nvrtcGetProgramLog(program, log);
        return Device.text(log)
                .lines()
                .filter(line -> line.contains("error"))
                .findFirst()
                .orElse("no reason given");
    }

    private static int[] known(Nvrtc nvrtc) {
        int[] count = new int[1];
        nvrtc.nvrtcGetNumSupportedArchs(count);
        int[] known = new int[count[0]];
        nvrtc.nvrtcGetSupportedArchs(known);
        return known;
    }
}
