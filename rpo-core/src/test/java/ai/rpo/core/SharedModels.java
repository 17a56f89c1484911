package ai.rpo.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The real models beside the project. */
public final class SharedModels {

    public static final Path SHARED = Path.of(System.getProperty("rpo.shared"));

    private SharedModels() {}

    public static Path stories260k() {
        return SHARED.resolve("models/stories260k");
    }

    /** SmolLM2-135M-Instruct, whose own program makes the Hugging Face files of the quantised ones. */
    public static Path unpackSmollm2(Path work) throws IOException, InterruptedException {
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
}
