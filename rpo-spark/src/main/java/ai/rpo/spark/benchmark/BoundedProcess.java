package ai.rpo.spark.benchmark;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A child process that is waited for no longer than one wants to, and whose output is kept only in part. */
final class BoundedProcess implements AutoCloseable {

    private static final int MOST_KEPT = 1 << 14;

    private static final String ROOT = "root";
    private static final String ERRORS = "errors";

    private final Process process;
    private final Path folder;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final Thread reader;
    private boolean closed;

    private BoundedProcess(Process process, Path folder) {
        this.process = process;
        this.folder = folder;
        reader = new Thread(this::read, "output of a program");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * @param command for an empty folder, which is removed in the end
     */
    static BoundedProcess start(Function<Path, List<String>> command) throws IOException {
        Path folder = Files.createTempDirectory("rpo-program");
        try {
            Path root = Files.createDirectory(folder.resolve(ROOT));
            return new BoundedProcess(
                    new ProcessBuilder(command.apply(root))
                            .redirectError(folder.resolve(ERRORS).toFile())
                            .start(),
                    folder);
        } catch (IOException e) {
            remove(folder);
            throw e;
        }
    }

    private static void remove(Path folder) throws IOException {
        Files.deleteIfExists(folder.resolve(ERRORS));
        Files.deleteIfExists(folder.resolve(ROOT));
        Files.delete(folder);
    }

    /** The output of a command that is trusted; nothing where it fails. */
    static List<String> lines(String... command) throws IOException {
        try (BoundedProcess process = start(folder -> List.of(command))) {
            return process.ends(Duration.ofMinutes(1)) && process.process.exitValue() == 0
                    ? process.output().lines().toList()
                    : List.of();
        }
    }

    /** Writes to its input, and closes that. */
    void send(String text) {
        try (OutputStream in = process.getOutputStream()) {
            in.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It has ended already, and its output says why.
        }
    }

    /** Waits until the output begins with a text; false where the process ends or the time passes before. */
    synchronized boolean says(String text, Duration time) {
        long end = System.nanoTime() + time.toNanos();
        while (output.size() < text.length() && !closed && System.nanoTime() < end) {
            pause(end);
        }
        return output().startsWith(text);
    }

    /** Waits for the end, and kills it where that does not come in time. */
    boolean ends(Duration time) {
        try {
            boolean ended = process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) {
                kill();
                process.waitFor();
            }
            reader.join(time.toMillis());
            return ended;
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Returns what it wrote to standard error. */
    String errors() throws IOException {
        return Files.readString(folder.resolve(ERRORS)).strip();
    }

    synchronized String output() {
        return output.toString(StandardCharsets.UTF_8);
    }

    private synchronized void pause(long end) {
        try {
            wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Spark interrupts a task that it has given up. */
    private IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("interrupted while a program ran", e);
    }

    private void read() {
        byte[] buffer = new byte[1 << 13];
        try (InputStream in = process.getInputStream()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                keep(buffer, read);
            }
        } catch (IOException e) {
            // The process was killed.
        }
        end();
    }

    private synchronized void keep(byte[] bytes, int count) {
        output.write(bytes, 0, Math.min(count, MOST_KEPT - output.size()));
        notifyAll();
    }

    private synchronized void end() {
        closed = true;
        notifyAll();
    }

    /** The children too: the first process of a namespace takes all others with it. */
    private void kill() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public void close() throws IOException {
        kill();
        remove(folder);
    }
}
