package ai.rpo.core.tensor.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A folder of compiled kernels, each under a hash of all that went into it, with a checksum before it. */
record CubinCache(Path folder) {

    private static final Logger LOG = LoggerFactory.getLogger(CubinCache.class);
    private static final Set<Path> UNUSABLE = ConcurrentHashMap.newKeySet(); // folders that the log has named
    private static final int CHECKSUM = 32;

    /** Opens the one in the user's cache folder. */
    static CubinCache usual() {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path home = Path.of(System.getProperty("user.home"), ".cache");
        return new CubinCache((cache == null || cache.isEmpty() ? home : Path.of(cache)).resolve("rpo-kernels"));
    }

    /**
     * Gives what is kept under {@code key}, or else made and kept. A folder that cannot be used costs one line in the
     * log and the time to compile.
     */
    byte[] get(String name, String key, Supplier<byte[]> compiler) {
        Path file = folder.resolve(
                name + "-" + HexFormat.of().formatHex(sha256(key.getBytes(StandardCharsets.UTF_8))) + ".cubin");
        byte[] kept = read(file);
        if (kept != null) {
            return kept;
        }
        byte[] image = compiler.get();
        try {
            Files.createDirectories(folder);
            Path aside = Files.createTempFile(folder, name, ".part");
            try {
                byte[] content = Arrays.copyOf(sha256(image), CHECKSUM + image.length);
                System.arraycopy(image, 0, content, CHECKSUM, image.length);
                Files.write(aside, content);
                Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(aside); // of a full disk, say
            }
        } catch (IOException e) {
            if (UNUSABLE.add(folder)) {
                LOG.warn("Cannot keep compiled kernels in {}: {}. They are compiled again at each start.", folder, e);
            }
        }
        return image;
    }

    private static byte[] read(Path file) {
        if (!Files.exists(file)) {
            return null;
        }
        try {
            byte[] content = Files.readAllBytes(file);
            if (content.length > CHECKSUM) {
                byte[] image = Arrays.copyOfRange(content, CHECKSUM, content.length);
                if (Arrays.equals(sha256(image), 0, CHECKSUM, content, 0, CHECKSUM)) {
                    return image;
                }
            }
            LOG.warn("{} is damaged: compiling again.", file);
        } catch (IOException e) {
            LOG.warn("Cannot read {}: {}. Compiling again.", file, e.toString());
        }
        return null;
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JVM has SHA-256", e);
        }
    }
}
