package ai.rpo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** The real models beside the project. */
public final class SharedModels {

    public static final Path SHARED = Path.of(System.getProperty("rpo.shared"));

    private static Path smollm2;

    private SharedModels() {}

    public static Path stories260k() {
        return SHARED.resolve("models/stories260k");
    }

    /** SmolLM2-135M-Instruct, whose own program makes the Hugging Face files of the quantised ones; once a JVM. */
    public static synchronized Path smollm2() throws IOException, InterruptedException {
        if (smollm2 == null) {
            Path work = Files.createTempDirectory("smollm2");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteAll(work)));
            smollm2 = unpackSmollm2(work);
        }
        return smollm2;
    }

    private static Path unpackSmollm2(Path work) throws IOException, InterruptedException {
        Path packed = SHARED.resolve("models/smollm2-135m-instruct");
        Path folder = work.resolve("model");
        Path log = work.resolve("unpack.log");
        int exit = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        packed.resolve("Unpack.java").toString(),
                        packed.toString(),
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        assertEquals(0, exit, Files.readString(log));
        return folder;
    }

    private static void deleteAll(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
