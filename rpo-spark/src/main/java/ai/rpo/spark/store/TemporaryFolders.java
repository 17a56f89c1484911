package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Folders for a while, named after the process, so that a later one can delete what a killed one left. */
final class TemporaryFolders {

    private static final Logger LOG = LoggerFactory.getLogger(TemporaryFolders.class);
    private static final Pattern NAME = Pattern.compile("rpo-copy-(\\d+)-.*");

    /** A process in another container that uses the same disk may look like none. */
    private static final Duration LEFT_BEHIND = Duration.ofDays(1);

    private static boolean swept;

    private TemporaryFolders() {}

    static synchronized Path create() throws IOException {
        if (!swept) {
            swept = true;
            deleteLeftBehind(Path.of(System.getProperty("java.io.tmpdir")));
        }
        return Files.createTempDirectory("rpo-copy-" + ProcessHandle.current().pid() + "-");
    }

    /** Others' folders stay where they are. */
    static void deleteLeftBehind(Path disk) {
        try (Stream<Path> content = Files.list(disk)) {
            List<Path> folders = content.toList();
            for (Path folder : folders) {
                if (isLeftBehind(folder)) {
                    LocalCopies.delete(folder);
                }
            }
        } catch (IOException | RpoException e) {
            LOG.warn("Temporary folders of ended processes could not be deleted: {}", e.toString());
        }
    }

    private static boolean isLeftBehind(Path folder) throws IOException {
        Matcher name = NAME.matcher(folder.getFileName().toString());
        return name.matches()
                && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty()
                && Files.isWritable(folder)
                && Files.getLastModifiedTime(folder)
                        .toInstant()
                        .isBefore(Instant.now().minus(LEFT_BEHIND));
    }
}
