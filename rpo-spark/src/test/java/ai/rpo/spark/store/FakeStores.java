package ai.rpo.spark.store;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.AccessDeniedException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FsStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;

/** Local folders that look to Hadoop like a distributed file system ({@code aside:}) and an object store ({@code s3a:}). */
public final class FakeStores {

    private static volatile long room = Long.MAX_VALUE;
    private static volatile boolean answering = true;
    private static volatile String unreadable;
    private static final AtomicLong CAPACITY = new AtomicLong(Long.MAX_VALUE);

    private FakeStores() {}

    /** Bytes that the object store says are free. */
    public static void room(long bytes) {
        room = bytes;
    }

    /** Bytes that can still be written to the object store, or to what has the older interface only, whatever it says; then its disk is full. */
    public static void capacity(long bytes) {
        CAPACITY.set(bytes);
    }

    /** Whether the object store lists its folders. */
    public static void answering(boolean does) {
        answering = does;
    }

    /** Name of the files that the object store lists and does not let be read; null for none. */
    public static void unreadable(String name) {
        unreadable = name;
    }

    public static Configuration configuration() {
        return addTo(new Configuration());
    }

    public static Configuration addTo(Configuration hadoop) {
        hadoop.set("fs.aside.impl", WithRename.class.getName());
        hadoop.set("fs.AbstractFileSystem.aside.impl", WithRenameContext.class.getName());
        hadoop.set("fs.s3a.impl", WithoutRename.class.getName());
        hadoop.set("fs.old.impl", OldInterfaceOnly.class.getName());
        return hadoop;
    }

    public static class WithRename extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("aside:///");
        }

        @Override
        public String getScheme() {
            return "aside";
        }
    }

    public static class WithRenameContext extends DelegateToFileSystem {
        public WithRenameContext(URI uri, Configuration hadoop) throws IOException, URISyntaxException {
            super(uri, new WithRename(), hadoop, "aside", false);
        }
    }

    private abstract static class OnASmallDisk extends RawLocalFileSystem {

        @Override
        public FSDataOutputStream create(
                Path file, boolean overwrite, int buffer, short replication, long blockSize, Progressable progress)
                throws IOException {
            OutputStream out = super.create(file, overwrite, buffer, replication, blockSize, progress);
            return new FSDataOutputStream(new OnAFullDisk(out), null);
        }
    }

    public static class WithoutRename extends OnASmallDisk {
        @Override
        public URI getUri() {
            return URI.create("s3a:///");
        }

        @Override
        public String getScheme() {
            return "s3a";
        }

        @Override
        public FileStatus[] listStatus(Path folder) throws IOException {
            if (!answering) {
                throw new IOException("no answer");
            }
            return super.listStatus(folder);
        }

        @Override
        public FSDataInputStream open(Path file, int buffer) throws IOException {
            if (file.getName().equals(unreadable)) {
                throw new AccessDeniedException(file.toString());
            }
            return super.open(file, buffer);
        }

        @Override
        public FsStatus getStatus(Path path) {
            return new FsStatus(Long.MAX_VALUE, 0, room);
        }

        @Override
        public boolean rename(Path from, Path to) {
            throw new UnsupportedOperationException("an object store has no rename");
        }
    }

    /** Fails as Hadoop's local file systems do, with an error, once the capacity is used up. */
    private static final class OnAFullDisk extends FilterOutputStream {

        private OnAFullDisk(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            long before = CAPACITY.getAndUpdate(left -> Math.max(0, left - count));
            out.write(bytes, from, (int) Math.min(count, before));
            if (before < count) {
                throw failure(new IOException("No space left on device"));
            }
        }

        private static FSError failure(IOException cause) {
            try {
                Constructor<FSError> constructor = FSError.class.getDeclaredConstructor(Throwable.class);
                constructor.setAccessible(true); // only Hadoop's own file systems may make one
                return constructor.newInstance(cause);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    public static class OldInterfaceOnly extends OnASmallDisk {
        @Override
        public URI getUri() {
            return URI.create("old:///");
        }

        @Override
        public String getScheme() {
            return "old";
        }
    }
}
