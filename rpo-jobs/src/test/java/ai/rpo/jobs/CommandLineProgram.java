package ai.rpo.jobs;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
        int exitCode = start(environment, arguments).waitFor();
        return new Outcome(exitCode, Files.readString(out()), withoutJvmWarnings(Files.readString(err())));
    }

    /** Starts a command that the test may kill. */
    Process start(String... arguments) throws IOException {
        return start(Map.of(), arguments);
    }

    /**
     * Starts a command, and kills it once a file is there.
     *
     * @throws AssertionError if the file does not come
     */
    void killOnce(Path file, String... arguments) throws IOException, InterruptedException {
        Process process = start(arguments);
        try {
            await(process, file);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /**
     * Waits until a command that was started has made a file.
     *
     * @throws AssertionError if the file does not come
     */
    void await(Process process, Path file) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
        while (!Files.exists(file) && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        if (!Files.exists(file)) {
            throw new AssertionError(file + " never came:\n" + Files.readString(out()) + Files.readString(err()));
        }
    }

    private Process start(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + CHECKOUT.resolve("deploy/jvm.options"),
                "-Xmx1g",
                "-cp",
                absolute(System.getProperty("java.class.path")),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(workingDirectory.toFile())
                .redirectOutput(out().toFile())
                .redirectError(err().toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** The program runs in a folder of its own. */
    private static String absolute(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator))
                .map(entry -> new File(entry).getAbsolutePath())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private Path out() {
        return workingDirectory.resolve("out.txt");
    }

    private Path err() {
        return workingDirectory.resolve("err.txt");
    }

    private static String withoutJvmWarnings(String text) {
        return text.replaceAll("(?m)^WARNING: Using incubator modules.*\\R", "");
    }
}
