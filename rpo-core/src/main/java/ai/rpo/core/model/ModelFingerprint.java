package ai.rpo.core.model;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/** SHA-256 over the names and contents of a model's files; where and when they were written plays no part. */
final class ModelFingerprint {

    private ModelFingerprint() {}

    /** 64 hexadecimal digits, the same whatever the order of {@code files}. */
    static String of(List<Path> files) {
        MessageDigest digest = sha256();
        for (Path file : files.stream()
                .sorted(Comparator.comparing(file -> file.getFileName().toString()))
                .toList()) {
            try {
                String heading = file.getFileName() + "\0" + FileDigests.of(file) + "\0";
                digest.update(heading.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new RpoException(
                        RpoException.Kind.RETRYABLE,
                        "Cannot read " + file + ": " + ReadFailure.reason(e)
                                + ". Check the disk and that nothing moves the file.",
                        e);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
