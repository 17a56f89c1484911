package ai.rpo.jobs;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * Local folders under {@code dying:}, which let nothing through from some write on: what is on disk then is what a process would
 * leave that was killed there, files that were being written included. {@link #revive} begins the next process.
 */
public final class DyingStore extends RawLocalFileSystem {

    /** Keys and values of Spark's configuration that make Hadoop find it, by both of its interfaces. */
    static final List<String> SETTINGS = List.of(
            "spark.hadoop.fs.dying.impl=" + DyingStore.class.getName(),
            "spark.hadoop.fs.AbstractFileSystem.dying.impl=" + Context.class.getName());

    private static final List<String> WRITES = new ArrayList<>();
    private static String place = "";
    private static int left;
    private static boolean alive = true;

    /** Gives the path of a local folder in this store. */
    static String path(java.nio.file.Path folder) {
        return "dying://" + folder;
    }

    /** Lets everything through, and forgets what was written. */
    static void revive() {
        reviveUntil(0, "");
    }

    /**
     * Lets everything through until one write.
     *
     * @param count of the write, among those whose paths begin with the place; from 1
     */
    static synchronized void reviveUntil(int count, String where) {
        WRITES.clear();
        place = where;
        left = count;
        alive = true;
    }

    /** Lists the path of each write: of each file twice, where it is begun and where it is closed. */
    static synchronized List<String> writes() {
        return List.copyOf(WRITES);
    }

    static synchronized boolean isDead() {
        return !alive;
    }

    /** The process lives on here, so its lease is made out to one that does not. */
    static void disown(java.nio.file.Path output) throws IOException {
        try (var leases = Files.list(output.resolve("lease"))) {
            for (java.nio.file.Path lease : leases.toList()) {
                String process = "\"process\":" + ProcessHandle.current().pid();
                Files.writeString(lease, Files.readString(lease).replace(process, "\"process\":" + Integer.MAX_VALUE));
            }
        }
    }

    private static synchronized void write(Path path) throws IOException {
        read(path);
        String written = path.toUri().getPath();
        WRITES.add(written);
        if (left > 0 && written.startsWith(place) && --left == 0) {
            alive = false;
            read(path);
        }
    }

    private static synchronized void read(Path path) throws IOException {
        if (!alive) {
            throw new IOException("killed at " + path);
        }
    }

    @Override
    public URI getUri() {
        return URI.create("dying:///");
    }

    @Override
    public String getScheme() {
        return "dying";
    }

    @Override
    public FSDataInputStream open(Path file, int buffer) throws IOException {
        read(file);
        return super.open(file, buffer);
    }

    @Override
    public FileStatus[] listStatus(Path folder) throws IOException {
        read(folder);
        return super.listStatus(folder);
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        read(path);
        return super.getFileStatus(path);
    }

    @Override
    public FSDataOutputStream create(
            Path file, boolean overwrite, int buffer, short replication, long blockSize, Progressable progress)
            throws IOException {
        write(file);
        return dying(file, super.create(file, overwrite, buffer, replication, blockSize, progress));
    }

    @Override
    public FSDataOutputStream createNonRecursive(
            Path file,
            FsPermission permission,
            boolean overwrite,
            int buffer,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        write(file);
        return dying(
                file, super.createNonRecursive(file, permission, overwrite, buffer, replication, blockSize, progress));
    }

    @Override
    public boolean mkdirs(Path folder) throws IOException {
        write(folder);
        return super.mkdirs(folder);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        write(to);
        return super.rename(from, to);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        write(path);
        return super.delete(path, recursive);
    }

    /** Is the same for Hadoop's interface that renames over a file. */
    public static final class Context extends DelegateToFileSystem {
        public Context(URI uri, Configuration hadoop) throws IOException, URISyntaxException {
            super(uri, new DyingStore(), hadoop, "dying", false);
        }
    }

    private static FSDataOutputStream dying(Path file, OutputStream out) throws IOException {
        return new FSDataOutputStream(
                new FilterOutputStream(out) {
                    private boolean closed;

                    @Override
                    public void write(byte[] bytes, int from, int count) throws IOException {
                        read(file);
                        out.write(bytes, from, count);
                    }

                    @Override
                    public void close() throws IOException {
                        if (!closed) {
                            closed = true;
                            DyingStore.write(file); // where it dies, what is in a buffer is lost
                            out.close();
                        }
                    }
                },
                null);
    }
}
