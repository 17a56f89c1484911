package ai.rpo.spark;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program of the tests in a JVM of its own, that may be killed. */
public final class OtherJvm {

    private OtherJvm() {}

    /** @param output file for everything that it prints */
    public static Process start(Class<?> main, File output, String... arguments) throws IOException {
        return start(main, output, Map.of(), arguments);
    }

    /** @param environment variables beside this process's own */
    public static Process start(Class<?> main, File output, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // The options that Spark needs on this JVM are this process's own.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("--add-"))
                .forEach(command::add);
        command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder process =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
        process.environment().putAll(environment);
        return process.start();
    }
}
