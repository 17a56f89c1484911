package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** Moves whole folders between this machine's disk and any file system. */
public final class LocalCopies {

    private LocalCopies() {}

    /** An empty folder on this machine, on the disk of temporary files. */
    public static java.nio.file.Path temporaryFolder() {
        try {
            return TemporaryFolders.create();
        } catch (IOException e) {
            throw RpoException.configuration(
                    "Cannot make a temporary folder: " + e.getMessage() + ". Set java.io.tmpdir to a disk with room.");
        }
    }

    /**
     * Moves the files of a local folder to {@code target}, replacing what is there. Within one disk nothing is copied; on a
     * local disk the files are safe when this returns.
     */
    public static void upload(java.nio.file.Path folder, Path target, Configuration hadoop) {
        try (Stream<java.nio.file.Path> files = Files.list(folder)) {
            FileSystem store = target.getFileSystem(hadoop);
            store.delete(target, true);
            store.mkdirs(target);
            for (java.nio.file.Path file : files.sorted().toList()) {
                if (store instanceof LocalFileSystem here) {
                    Files.move(file, here.pathToFile(target).toPath().resolve(file.getFileName()));
                } else {
                    store.copyFromLocalFile(true, true, new Path(file.toUri()), target);
                }
            }
            force(target, hadoop);
        } catch (IOException e) {
            throw StoreFailure.of("write", target, e);
        } catch (FSError e) {
            throw StoreFailure.of("write", target, ofLocalDisk(e));
        }
    }

    /** Waits until the disk has what is in a folder, if that is on a local file system. */
    static void force(Path folder, Configuration hadoop) {
        here(folder, hadoop).filter(Files::isDirectory).ifPresent(local -> {
            try (Stream<java.nio.file.Path> content = Files.walk(local)) {
                for (java.nio.file.Path path : content.toList()) {
                    SmallFile.force(path);
                }
            } catch (IOException e) {
                throw StoreFailure.of("write", folder, e);
            }
        });
    }

    /** @throws RpoException if the disk of temporary files has no room for so many bytes */
    public static void requireRoom(long bytes) {
        java.nio.file.Path folder = java.nio.file.Path.of(System.getProperty("java.io.tmpdir"));
        try {
            long room = Files.getFileStore(folder).getUsableSpace();
            if (room < bytes) {
                throw RpoException.configuration(String.format(
                        Locale.ROOT,
                        "Cannot use %s for temporary files: it has room for %,d MB, and %,d MB are needed."
                                + " Make room, or set java.io.tmpdir to another disk.",
                        folder,
                        room >> 20,
                        bytes >> 20));
            }
        } catch (IOException e) {
            throw StoreFailure.of("use", new Path(folder.toUri()), e);
        }
    }

    /** Has the files of {@code source} read in a local folder: where they are, if that is on this machine, or in a copy. */
    public static void read(Path source, Configuration hadoop, Consumer<java.nio.file.Path> use) {
        Optional<java.nio.file.Path> here = here(source, hadoop);
        if (here.isPresent()) {
            use.accept(here.get());
            return;
        }
        java.nio.file.Path copy = download(source, hadoop);
        try {
            use.accept(copy);
        } finally {
            delete(copy);
        }
    }

    private static Optional<java.nio.file.Path> here(Path source, Configuration hadoop) {
        try {
            return source.getFileSystem(hadoop) instanceof LocalFileSystem local
                    ? Optional.of(local.pathToFile(source).toPath())
                    : Optional.empty();
        } catch (IOException e) {
            throw StoreFailure.of("read", source, e);
        }
    }

    /** Copies the files of {@code source} into a new local folder. */
    public static java.nio.file.Path download(Path source, Configuration hadoop) {
        return download(source, name -> true, Set.of(), hadoop);
    }

    /**
     * Copies the files of {@code source} into a new local folder.
     *
     * @param files whether a file of this name is wanted
     * @param folders in it whose files are wanted too
     */
    public static java.nio.file.Path download(
            Path source, Predicate<String> files, Set<String> folders, Configuration hadoop) {
        java.nio.file.Path folder = temporaryFolder();
        try {
            FileSystem store = source.getFileSystem(hadoop);
            for (FileStatus entry : store.listStatus(source)) {
                java.nio.file.Path local = folder.resolve(entry.getPath().getName());
                if (entry.isFile()) {
                    if (files.test(entry.getPath().getName())) {
                        download(store, entry, local);
                    }
                } else if (folders.contains(entry.getPath().getName())) {
                    Files.createDirectory(local);
                    for (FileStatus inside : store.listStatus(entry.getPath())) {
                        if (inside.isFile()) {
                            download(
                                    store,
                                    inside,
                                    local.resolve(inside.getPath().getName()));
                        }
                    }
                }
            }
            return folder;
        } catch (IOException e) {
            delete(folder);
            throw StoreFailure.of("read", source, e);
        } catch (FSError e) {
            delete(folder);
            throw StoreFailure.of("read", source, ofLocalDisk(e));
        }
    }

    /** Hadoop's local file systems throw an error where writing fails, on a full disk for example. */
    private static IOException ofLocalDisk(FSError error) {
        return error.getCause() instanceof IOException cause ? cause : new IOException(error);
    }

    private static void download(FileSystem store, FileStatus file, java.nio.file.Path local) throws IOException {
        store.copyToLocalFile(false, file.getPath(), new Path(local.toUri()), true);
    }

    /** Deletes a local folder and what is in it. */
    public static void delete(java.nio.file.Path folder) {
        try (Stream<java.nio.file.Path> content = Files.walk(folder)) {
            for (java.nio.file.Path path :
                    content.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE, "Cannot delete " + folder + ": " + e + ". Delete it by hand.", e);
        }
    }
}
