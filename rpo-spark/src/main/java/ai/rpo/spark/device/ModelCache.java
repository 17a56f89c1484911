package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.LocalCopies;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Models fetched to this machine, shared by all processes of a user. An entry is a folder; the list of its files beside it
 * tells whether all are still there, and by its time when the entry was last asked for. Whoever fetches a model deletes
 * those that nobody asked for in a week; of checkpoints, which are measured once, in half an hour.
 */
record ModelCache(Path folder) {

    private static final Logger LOG = LoggerFactory.getLogger(ModelCache.class);
    private static final Duration UNUSED_MODEL = Duration.ofDays(7);
    private static final Duration UNUSED_CHECKPOINT = Duration.ofMinutes(30);
    private static final String CHECKPOINT = "-checkpoint";
    private static final String FILES = ".files";
    private static final String LOCK = ".lock";

    static ModelCache ofThisMachine() {
        return new ModelCache(
                Path.of(System.getProperty("java.io.tmpdir"), "rpo-models-" + System.getProperty("user.name")));
    }

    static String nameOf(String fingerprint, boolean checkpoint) {
        return checkpoint ? fingerprint + CHECKPOINT : fingerprint;
    }

    /**
     * The entry's folder. One process of the machine fetches it, the others wait.
     *
     * @param fetch makes a local folder, which becomes the entry; called where there is none, or it lacks files
     */
    Path get(String name, Supplier<Path> fetch) throws IOException {
        synchronized (ModelCache.class) { // a file lock is held by a whole JVM
            Files.createDirectories(folder);
            Path entry = folder.resolve(name);
            try (FileChannel channel = lockFile(name);
                    FileLock held = channel.lock()) {
                if (!isWhole(entry)) {
                    delete(entry);
                    Path fetched = fetch.get();
                    try {
                        Files.move(fetched, entry, StandardCopyOption.ATOMIC_MOVE);
                    } finally {
                        deleteFolder(fetched);
                    }
                    Files.writeString(beside(entry, FILES), files(entry));
                }
                Files.setLastModifiedTime(beside(entry, FILES), FileTime.from(Instant.now()));
            }
            deleteUnused(entry);
            return entry;
        }
    }

    private FileChannel lockFile(String name) throws IOException {
        return FileChannel.open(folder.resolve(name + LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private static boolean isWhole(Path entry) throws IOException {
        Path listed = beside(entry, FILES);
        return Files.isDirectory(entry)
                && Files.exists(listed)
                && Files.readString(listed).equals(files(entry));
    }

    /** Names and sizes. */
    private static String files(Path entry) throws IOException {
        try (Stream<Path> content = Files.walk(entry)) {
            return content.filter(Files::isRegularFile)
                    .map(file -> entry.relativize(file) + " " + file.toFile().length() + "\n")
                    .sorted()
                    .collect(Collectors.joining());
        }
    }

    /** Room on the disk is no reason for a job to fail. */
    private void deleteUnused(Path used) {
        try (Stream<Path> content = Files.list(folder)) {
            List<Path> lists =
                    content.filter(file -> file.toString().endsWith(FILES)).toList();
            for (Path list : lists) {
                String name = list.getFileName().toString().replace(FILES, "");
                if (!used.endsWith(name) && isUnused(list, name)) {
                    deleteUnused(list, name);
                }
            }
        } catch (IOException | RpoException e) {
            LOG.warn("Models that are not used any more could not be deleted: {}", e.toString());
        }
    }

    private void deleteUnused(Path list, String name) throws IOException {
        try (FileChannel channel = lockFile(name);
                FileLock held = channel.tryLock()) {
            if (held != null && isUnused(list, name)) {
                delete(folder.resolve(name));
            }
        }
    }

    private static boolean isUnused(Path list, String name) throws IOException {
        Duration unused = name.endsWith(CHECKPOINT) ? UNUSED_CHECKPOINT : UNUSED_MODEL;
        return Files.exists(list)
                && Files.getLastModifiedTime(list)
                        .toInstant()
                        .isBefore(Instant.now().minus(unused));
    }

    private static void delete(Path entry) throws IOException {
        Files.deleteIfExists(beside(entry, FILES));
        deleteFolder(entry);
    }

    private static void deleteFolder(Path entry) {
        if (Files.exists(entry)) {
            LocalCopies.delete(entry);
        }
    }

    private static Path beside(Path entry, String suffix) {
        return entry.resolveSibling(entry.getFileName() + suffix);
    }
}
