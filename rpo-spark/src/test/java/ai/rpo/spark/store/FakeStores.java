package ai.rpo.spark.store;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FsStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** Local folders that look to Hadoop like a distributed file system ({@code aside:}) and an object store ({@code s3a:}). */
public final class FakeStores {

    private static volatile long room = Long.MAX_VALUE;

    private FakeStores() {}

    /** Bytes that the object store says are free. */
    public static void room(long bytes) {
        room = bytes;
    }

    public static Configuration configuration() {
        Configuration hadoop = new Configuration();
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

    public static class WithoutRename extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("s3a:///");
        }

        @Override
        public String getScheme() {
            return "s3a";
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

    public static class OldInterfaceOnly extends RawLocalFileSystem {
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
