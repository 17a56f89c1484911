package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.CreateOpts;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * A file of a few kilobytes, text for the most part, that is always replaced whole: a reader sees the old text or the new one.
 *
 * <p>File systems get a temporary file beside it and an atomic rename; those that Hadoop knows by its older interface alone have
 * no file for the moment between. Object stores show an object only once its
 * writer has closed it, so there it is written in place. On local disks Hadoop's checksum files are left out, so that
 * people may edit what they find.
 */
public final class SmallFile {

    private static final Set<String> OBJECT_STORES = Set.of("s3", "s3a", "s3n", "gs", "oss", "obs", "cosn");

    private final Path path;
    private final Configuration hadoop;

    public SmallFile(Path path, Configuration hadoop) {
        this.path = Objects.requireNonNull(path, "path");
        this.hadoop = Objects.requireNonNull(hadoop, "hadoop");
    }

    public Path path() {
        return path;
    }

    /**
     * @return empty if there is no such file
     * @throws RpoException if it is there and cannot be read
     */
    public Optional<String> read() {
        return bytes().map(content -> new String(content, StandardCharsets.UTF_8));
    }

    /** Reads a file that may not be text; empty if there is none. */
    public Optional<byte[]> bytes() {
        try {
            FileSystem store = Stores.open(path, hadoop);
            if (isLocal(store)) {
                return Optional.of(Files.readAllBytes(local(store)));
            }
            try (InputStream in = store.open(path)) {
                return Optional.of(in.readAllBytes());
            }
        } catch (FileNotFoundException | NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw StoreFailure.of("read", path, e);
        }
    }

    /**
     * Replaces the file, making its folder where that is missing.
     *
     * @throws RpoException if that is not possible
     */
    public void write(String text) {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Replaces a file that other files count by: on a local disk, it is safe from a power failure when this returns. */
    public void writeDurably(String text) {
        write(text.getBytes(StandardCharsets.UTF_8), true);
    }

    /** Replaces the file by content that is not text, such as a picture. */
    public void write(byte[] content) {
        write(content, false);
    }

    private void write(byte[] content, boolean durably) {
        try {
            FileSystem store = Stores.open(path, hadoop);
            if (isLocal(store)) {
                writeLocally(local(store), content, durably);
            } else if (OBJECT_STORES.contains(store.getScheme())) {
                writeInPlace(store, content);
            } else {
                writeAside(store, content);
            }
        } catch (IOException e) {
            throw StoreFailure.of("write", path, e);
        }
    }

    private static void writeLocally(java.nio.file.Path target, byte[] content, boolean durably) throws IOException {
        Files.createDirectories(target.getParent());
        java.nio.file.Path aside =
                target.resolveSibling(asideName(target.getFileName().toString()));
        try {
            Files.write(aside, content);
            if (durably) {
                force(aside);
            }
            Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            if (durably) {
                force(target.getParent());
            }
        } finally {
            Files.deleteIfExists(aside);
        }
    }

    /** Waits until the disk has a file's content, or a folder's names. */
    static void force(java.nio.file.Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (AccessDeniedException e) {
            // Windows opens no folders.
            if (!Files.isDirectory(path)) {
                throw e;
            }
        }
    }

    private void writeInPlace(FileSystem store, byte[] content) throws IOException {
        try (OutputStream out = store.create(path, true)) {
            out.write(content);
        }
    }

    private void writeAside(FileSystem store, byte[] content) throws IOException {
        FileContext files;
        try {
            files = FileContext.getFileContext(store.getUri(), hadoop);
        } catch (UnsupportedFileSystemException e) {
            writeAsideByOlderInterface(store, content);
            return;
        }
        Path aside = aside();
        try {
            try (OutputStream out = files.create(aside, EnumSet.of(CreateFlag.CREATE), CreateOpts.createParent())) {
                out.write(content);
            }
            files.rename(aside, path, Rename.OVERWRITE);
        } finally {
            store.delete(aside, false);
        }
    }

    /** Hadoop's older interface has no rename that replaces its target: whoever is killed between leaves no file, but no torn one. */
    private void writeAsideByOlderInterface(FileSystem store, byte[] content) throws IOException {
        Path aside = aside();
        try {
            try (OutputStream out = store.create(aside, true)) {
                out.write(content);
            }
            store.delete(path, false);
            if (!store.rename(aside, path)) {
                throw new IOException("what was written to " + aside.getName() + " could not be renamed");
            }
        } finally {
            store.delete(aside, false);
        }
    }

    private Path aside() {
        return new Path(path.getParent(), asideName(path.getName()));
    }

    /** Readers of folders, Spark among them, pass over names that begin with a dot. */
    private static String asideName(String name) {
        return "." + name + "." + UUID.randomUUID() + ".tmp";
    }

    private static boolean isLocal(FileSystem store) {
        return store.getUri().getScheme().equals("file");
    }

    private java.nio.file.Path local(FileSystem store) {
        return java.nio.file.Path.of(store.makeQualified(path).toUri().getPath());
    }
}
