package ai.rpo.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs {@link Main} in a JVM of its own, as {@code ./rpo} does. */
final class CommandLineProgram {

    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    private final Path workingDirectory;

    CommandLineProgram(Path workingDirectory) {
        this.workingDirectory = workingDirectory;
    }

    /**
     * @param out what the command says
     * @param err what goes wrong, and progress
     */
    record Outcome(int exitCode, String out, String err) {}

    Outcome run(String... arguments) throws IOException, InterruptedException {
        return run(Map.of(), arguments);
    }

    Outcome run(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + CHECKOUT.resolve("deploy/jvm.options"),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        Path out = workingDirectory.resolve("out.txt");
        Path err = workingDirectory.resolve("err.txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(workingDirectory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        int exitCode = builder.start().waitFor();
        return new Outcome(exitCode, Files.readString(out), withoutJvmWarnings(Files.readString(err)));
    }

    private static String withoutJvmWarnings(String text) {
        return text.replaceAll("(?m)^WARNING: Using incubator modules.*\\R", "");
    }
}
