package ai.rpo.spark.store;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** Copies folders between any file systems and tells the content of their files by SHA-256. */
public final class CheckedFiles {

    private static final int BUFFER = 1 << 20;

    private CheckedFiles() {}

    /** Tells what is in a file. */
    public record Content(long bytes, String sha256) {

        /** Describes a text as it is in a file. */
        public static Content of(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            return new Content(
                    bytes.length, HexFormat.of().formatHex(Fingerprint.sha256().digest(bytes)));
        }
    }

    /**
     * Copies a folder with all below it into a new one. On a local disk Hadoop's checksum files are left out.
     *
     * @return what was read, by the files' paths below the folder
     * @throws ai.rpo.core.RpoException if there is no such folder, or the copy cannot be written
     */
    public static Map<String, Content> copy(Path from, Path to, Configuration hadoop) {
        Map<String, Content> copied = new TreeMap<>();
        FileSystem store = Stores.open(to, hadoop);
        // Not setWriteChecksum(false): others of this JVM write through the same object.
        FileSystem target = store instanceof LocalFileSystem here ? here.getRaw() : store;
        for (String name : names(from, hadoop)) {
            Path file = new Path(to, name);
            try (OutputStream out = target.create(file, true)) {
                copied.put(name, read(new Path(from, name), out, hadoop));
            } catch (IOException e) {
                throw StoreFailure.of("write", file, e);
            }
        }
        return copied;
    }

    /**
     * Reads all files of a folder and of those below it.
     *
     * @return what is in them, by their paths below the folder; empty if there is no such folder
     * @throws ai.rpo.core.RpoException if one cannot be read
     */
    public static Map<String, Content> of(Path folder, Configuration hadoop) {
        Map<String, Content> found = new TreeMap<>();
        try {
            if (!Stores.open(folder, hadoop).exists(folder)) {
                return found;
            }
            for (String name : names(folder, hadoop)) {
                found.put(name, read(new Path(folder, name), OutputStream.nullOutputStream(), hadoop));
            }
            return found;
        } catch (IOException e) {
            throw StoreFailure.of("read", folder, e);
        }
    }

    private static Set<String> names(Path folder, Configuration hadoop) {
        Set<String> names = new TreeSet<>();
        try {
            FileSystem store = Stores.open(folder, hadoop);
            if (!store.getFileStatus(folder).isDirectory()) {
                throw new FileNotFoundException();
            }
            addNames(store, folder, "", names);
            return names;
        } catch (IOException e) {
            throw StoreFailure.of("read", folder, e);
        }
    }

    private static void addNames(FileSystem store, Path folder, String before, Set<String> names) throws IOException {
        for (FileStatus entry : store.listStatus(folder)) {
            String name = before + entry.getPath().getName();
            if (entry.isDirectory()) {
                addNames(store, entry.getPath(), name + "/", names);
            } else if (!name.endsWith(".crc")) {
                names.add(name);
            }
        }
    }

    private static Content read(Path file, OutputStream out, Configuration hadoop) throws IOException {
        MessageDigest sha = Fingerprint.sha256();
        long bytes;
        try (InputStream in = new DigestInputStream(Stores.open(file, hadoop).open(file, BUFFER), sha)) {
            bytes = in.transferTo(out);
        }
        return new Content(bytes, HexFormat.of().formatHex(sha.digest()));
    }
}
