package ai.rpo.core.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * SHA-256 of files' contents. Every stage of a run asks for those of its models, so a file is read once in a JVM, until
 * its size or its time of modification is another.
 */
final class FileDigests {

    private static final int BLOCK_BYTES = 1 << 20;
    private static final Duration SETTLED = Duration.ofSeconds(3);
    private static final Map<Version, String> KNOWN = new ConcurrentHashMap<>();

    private record Version(Path file, long size, FileTime modified) {}

    private FileDigests() {}

    /** 64 hexadecimal digits. */
    static String of(Path file) throws IOException {
        Path real = file.toRealPath();
        BasicFileAttributes found = Files.readAttributes(real, BasicFileAttributes.class);
        Version version = new Version(real, found.size(), found.lastModifiedTime());
        String known = KNOWN.get(version);
        if (known == null) {
            known = digest(real);
            if (isSettled(version)) {
                KNOWN.put(version, known);
            }
        }
        return known;
    }

    /** Clocks of file systems are coarse: a file that was just written may change again at the same time of day. */
    private static boolean isSettled(Version version) {
        return version.modified.toInstant().isBefore(Instant.now().minus(SETTLED));
    }

    private static String digest(Path file) throws IOException {
        MessageDigest digest = ModelFingerprint.sha256();
        ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (channel.read(block.clear()) >= 0) {
                digest.update(block.flip());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
