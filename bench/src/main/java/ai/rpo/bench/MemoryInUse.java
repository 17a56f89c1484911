package ai.rpo.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** What Linux and {@code nvidia-smi} say of memory, in bytes; empty where they do not. */
final class MemoryInUse {

    private MemoryInUse() {}

    /** Of the first device, by all processes. */
    static OptionalLong ofDevice() {
        try {
            Process process = new ProcessBuilder(
                            "nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0")
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return said.matches("\\d+") ? OptionalLong.of(Long.parseLong(said) << 20) : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** The largest that this process was. */
    static OptionalLong mostOfProcess() {
        return kilobytes("/proc/self/status", "VmHWM:");
    }

    /** What the machine could give to a process now. */
    static OptionalLong ofHost() {
        return kilobytes("/proc/meminfo", "MemAvailable:");
    }

    private static OptionalLong kilobytes(String file, String key) {
        try {
            return Files.readAllLines(Path.of(file)).stream()
                    .filter(line -> line.startsWith(key))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
