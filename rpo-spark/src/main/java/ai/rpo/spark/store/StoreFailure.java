package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.Optional;
import org.apache.hadoop.fs.ClusterStorageCapacityExceededException;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;

/** Says what a file system would not do, and whether asking again may help. */
final class StoreFailure {

    private StoreFailure() {}

    static RpoException of(String verb, Path path, IOException failure) {
        Optional<RpoException> stale = StaleChecksum.of(path, failure);
        if (stale.isPresent()) {
            return stale.get();
        }
        String what = "Cannot " + verb + " " + path + ": ";
        if (failure instanceof AccessDeniedException || failure instanceof AccessControlException) {
            return new RpoException(
                    Kind.CONFIGURATION,
                    what + "access is denied. Give this user the right to, or name another place.",
                    failure);
        }
        if (failure instanceof UnsupportedFileSystemException) {
            return new RpoException(
                    Kind.CONFIGURATION,
                    what + "no file system for " + path.toUri().getScheme()
                            + ":// is on the class path. Add its jar, or name a place on another.",
                    failure);
        }
        if (failure instanceof java.nio.file.FileAlreadyExistsException
                || failure instanceof java.nio.file.NotDirectoryException
                || failure instanceof FileAlreadyExistsException
                || failure instanceof ParentNotDirectoryException
                || String.valueOf(failure.getMessage()).contains("Not a directory")) {
            return new RpoException(
                    Kind.CONFIGURATION,
                    what + "a file stands where a folder is needed (" + failure.getMessage() + "). Name another place.",
                    failure);
        }
        if (failure instanceof FileNotFoundException) {
            return new RpoException(
                    Kind.CONFIGURATION, what + "there is no such file or folder. Check the path.", failure);
        }
        String why = why(failure);
        if (isFull(failure)) {
            return new RpoException(
                    Kind.CONFIGURATION, what + "there is no room left. Make room, or name another place.", failure);
        }
        boolean onThisMachine =
                path.toUri().getScheme() == null || path.toUri().getScheme().equals("file");
        return onThisMachine
                ? new RpoException(Kind.CONFIGURATION, what + why + ". Check the path, or name another place.", failure)
                : new RpoException(
                        Kind.RETRYABLE,
                        what + why + ". Check the place and the network, and run the command again.",
                        failure);
    }

    /** Local disks say so in the words of the operating system, HDFS by the exception's class. */
    private static boolean isFull(IOException failure) {
        return failure instanceof ClusterStorageCapacityExceededException
                || String.valueOf(failure.getMessage()).contains("No space left on device");
    }

    private static String why(IOException failure) {
        if (failure instanceof FileSystemException local && local.getReason() != null) {
            return local.getReason();
        }
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        if (root instanceof SocketException && root.getMessage() != null) {
            return root.getMessage(); // clients of stores say it again at length
        }
        boolean plain = failure.getClass() == IOException.class && failure.getMessage() != null;
        return plain ? failure.getMessage() : failure.toString();
    }
}
