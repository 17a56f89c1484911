package ai.rpo.jobs.demo;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Locates the files of a demo.
 *
 * @param root its folder
 */
public record DemoFolder(Path root) {

    /** Tells a folder that a demo may replace from any other. */
    private static final String MARK = ".rpo-demo";

    /**
     * An empty folder in place of an earlier demo's.
     *
     * @throws RpoException where something else is there, or the folder cannot be written
     */
    public static DemoFolder create(Path root) {
        try {
            return replace(root);
        } catch (IOException e) {
            throw new DemoFolder(root).unwritable(e);
        }
    }

    private static DemoFolder replace(Path root) throws IOException {
        if (Files.exists(root) && !Files.exists(root.resolve(MARK)) && !isEmptyFolder(root)) {
            throw RpoException.configuration(String.format(
                    Locale.ROOT,
                    "Cannot write the demo to %s: it is in use for something else. Move it away, or name another folder.",
                    root));
        }
        delete(root);
        Files.createDirectories(root);
        Files.createFile(root.resolve(MARK));
        return new DemoFolder(root);
    }

    private static boolean isEmptyFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> content = Files.list(folder)) {
            return content.findAny().isEmpty();
        }
    }

    /** The mark goes last, so that a deletion that was cut short can be taken up. */
    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> content;
        try (Stream<Path> walk = Files.walk(folder)) {
            content = walk.sorted(Comparator.reverseOrder()).toList();
        }
        Path mark = folder.resolve(MARK);
        for (Path path : content) {
            if (!path.equals(mark) && !path.equals(folder)) {
                Files.delete(path);
            }
        }
        Files.deleteIfExists(mark);
        Files.delete(folder);
    }

    /** Says that a file of the demo could not be written. */
    RpoException unwritable(IOException why) {
        return new RpoException(
                RpoException.Kind.RETRYABLE,
                String.format(
                        Locale.ROOT,
                        "Cannot write the demo to %s: %s. Check the disk's space and permissions.",
                        root,
                        why),
                why);
    }

    Path base() {
        return root.resolve("base");
    }

    Path pairs(long seed, String split) {
        return seed(seed).resolve("pairs").resolve(split + ".jsonl");
    }

    Path seed(long seed) {
        return root.resolve("seed-" + seed);
    }

    Path report() {
        return root.resolve("report");
    }
}
