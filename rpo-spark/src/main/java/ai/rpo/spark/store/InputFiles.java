package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files that given paths stand for: each path is a file, a folder (taken with all below it) or a glob. Within a folder,
 * as in Hadoop, files and folders whose name begins with {@code _} or {@code .} do not count, nor do files that describe a
 * data set.
 *
 * @param files in the order of the paths, and by name within each
 */
public record InputFiles(List<FileStatus> files) {

    /** Up to here inputs are told apart by their content; hashing more would delay every command. */
    private static final long HASHED_BYTES = 256L << 20;

    private static final String SHA256 = "sha256 ";

    /** Names the files that hubs of data sets and the datasets library of Python lay beside the rows. */
    private static final Set<String> DESCRIPTIONS =
            Set.of("README.md", "LICENSE", "dataset_info.json", "dataset_infos.json", "dataset_dict.json");

    public InputFiles {
        files = List.copyOf(files);
    }

    /**
     * @throws RpoException if a path stands for no file, or cannot be reached
     */
    public static InputFiles resolve(List<String> paths, Configuration hadoop) {
        List<FileStatus> files = new ArrayList<>();
        for (String path : paths) {
            List<FileStatus> found = resolve(Stores.path(path), hadoop);
            if (found.isEmpty()) {
                throw RpoException.configuration(
                        "Cannot read " + path + ": there is no such file, folder or glob with files. Check the path.");
            }
            files.addAll(found);
        }
        return new InputFiles(files);
    }

    /**
     * The files of one folder, without those of its subfolders, whose name passes; none if there is no such folder.
     *
     * @throws RpoException if the folder cannot be reached
     */
    public static InputFiles inFolder(String folder, Predicate<String> name, Configuration hadoop) {
        Path path = Stores.path(folder);
        try {
            FileSystem store = Stores.open(path, hadoop);
            return new InputFiles(Arrays.stream(store.listStatus(path))
                    .filter(file -> file.isFile() && name.test(file.getPath().getName()))
                    .sorted(Comparator.comparing(FileStatus::getPath))
                    .toList());
        } catch (FileNotFoundException e) {
            return new InputFiles(List.of());
        } catch (IOException e) {
            throw StoreFailure.of("read", path, e);
        }
    }

    public long bytes() {
        return files.stream().mapToLong(FileStatus::getLen).sum();
    }

    /**
     * A line that changes when the data do: names, sizes and the SHA-256 of the content; above 256 MiB in all, times of
     * modification in place of content. Folders are left out, so that data may be moved.
     *
     * @throws RpoException if a file cannot be read
     */
    public String fingerprint(Configuration hadoop) {
        MessageDigest sha = Fingerprint.sha256();
        boolean byContent = bytes() <= HASHED_BYTES;
        for (FileStatus file : files) {
            String line = file.getPath().getName() + "\n" + file.getLen() + "\n";
            sha.update(line.getBytes(StandardCharsets.UTF_8));
            if (byContent) {
                digestContent(sha, file.getPath(), hadoop);
            } else {
                sha.update((file.getModificationTime() + "\n").getBytes(StandardCharsets.US_ASCII));
            }
        }
        return String.format(
                Locale.ROOT,
                "%d %s, %d bytes, %s %s",
                files.size(),
                files.size() == 1 ? "file" : "files",
                bytes(),
                byContent ? "sha256" : "sha256 of names, sizes and times",
                HexFormat.of().formatHex(sha.digest()));
    }

    /** Describes each file's content, by its URI: as in {@link #fingerprint}, one by one. */
    public Map<String, String> byUri(Configuration hadoop) {
        Map<String, String> described = new LinkedHashMap<>();
        boolean byContent = bytes() <= HASHED_BYTES;
        for (FileStatus file : files) {
            described.put(file.getPath().toString(), byContent ? content(file, hadoop) : time(file));
        }
        return described;
    }

    /**
     * Leaves out those that are as {@link #byUri} described them once, whichever way it did. Reads the content of those that it
     * told by their content, where their size is the same.
     */
    public InputFiles without(Map<String, String> described, Configuration hadoop) {
        return new InputFiles(files.stream()
                .filter(file -> !isAs(described.getOrDefault(file.getPath().toString(), ""), file, hadoop))
                .toList());
    }

    private static boolean isAs(String description, FileStatus file, Configuration hadoop) {
        return description.startsWith(size(file))
                && description.equals(description.contains(SHA256) ? content(file, hadoop) : time(file));
    }

    private static String size(FileStatus file) {
        return file.getLen() + " bytes, ";
    }

    private static String time(FileStatus file) {
        return size(file) + "modified " + Instant.ofEpochMilli(file.getModificationTime());
    }

    private static String content(FileStatus file, Configuration hadoop) {
        MessageDigest sha = Fingerprint.sha256();
        digestContent(sha, file.getPath(), hadoop);
        return size(file) + SHA256 + HexFormat.of().formatHex(sha.digest());
    }

    private static List<FileStatus> resolve(Path path, Configuration hadoop) {
        List<FileStatus> files = new ArrayList<>();
        try {
            FileSystem store = Stores.open(path, hadoop);
            for (FileStatus match : matches(store, path)) {
                if (match.isFile()) {
                    files.add(match);
                } else {
                    addFolder(store, match.getPath(), files);
                }
            }
        } catch (IOException e) {
            throw StoreFailure.of("read", path, e);
        } catch (IllegalArgumentException e) {
            throw RpoException.configuration(
                    "Cannot read " + path + ": Hadoop takes no such name (" + e.getMessage() + "). Rename it.");
        }
        files.forEach(file -> requireReadableName(file.getPath()));
        files.sort(Comparator.comparing(FileStatus::getPath));
        return files;
    }

    /** Hadoop opens no such file on a local disk: the name of its checksum would have a scheme. */
    private static void requireReadableName(Path file) {
        if (file.getName().contains(":")) {
            throw RpoException.configuration(
                    "Cannot read " + file + ": Hadoop opens no file with a colon in its name. Rename it.");
        }
    }

    /** A name is taken as it stands before its brackets and stars are taken for a glob. */
    private static FileStatus[] matches(FileSystem store, Path path) throws IOException {
        try {
            return new FileStatus[] {store.getFileStatus(path)};
        } catch (FileNotFoundException e) {
            FileStatus[] matches = store.globStatus(path);
            return matches == null
                    ? new FileStatus[0]
                    : Arrays.stream(matches)
                            .filter(match -> !isHidden(match.getPath(), path))
                            .toArray(FileStatus[]::new);
        }
    }

    /** Tells whether a name on the way to a match begins like a hidden one where the glob's does not. */
    private static boolean isHidden(Path match, Path glob) {
        for (; match != null && glob != null; match = match.getParent(), glob = glob.getParent()) {
            if (isHidden(match.getName()) && !isHidden(glob.getName())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isHidden(String name) {
        return name.startsWith("_") || name.startsWith(".");
    }

    private static void addFolder(FileSystem store, Path folder, List<FileStatus> files) throws IOException {
        for (FileStatus entry : store.listStatus(folder)) {
            String name = entry.getPath().getName();
            if (isHidden(name) || DESCRIPTIONS.contains(name)) {
                continue;
            }
            if (entry.isDirectory()) {
                addFolder(store, entry.getPath(), files);
            } else {
                files.add(entry);
            }
        }
    }

    private static void digestContent(MessageDigest sha, Path file, Configuration hadoop) {
        try (InputStream in = new DigestInputStream(Stores.open(file, hadoop).open(file, 1 << 20), sha)) {
            byte[] buffer = new byte[1 << 20];
            while (in.read(buffer) >= 0) {
                // Reading is what feeds the digest.
            }
        } catch (IOException e) {
            throw StoreFailure.of("read", file, e);
        }
    }
}
