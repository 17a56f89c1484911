package ai.rpo.spark.store;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Everything that an artifact depends on, by name: configuration keys, hashes of data and of the model. Two artifacts
 * with equal fingerprints are interchangeable.
 *
 * @param values what was given for each name, in the order in which people should read them
 */
public record Fingerprint(Map<String, String> values) {

    public Fingerprint {
        values.forEach((name, value) -> Objects.requireNonNull(value, name));
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** This one's names and values, then the other's: what an artifact made from this one's artifact depends on. */
    public Fingerprint and(Map<String, String> further) {
        Map<String, String> joined = new LinkedHashMap<>(values);
        joined.putAll(further);
        return new Fingerprint(joined);
    }

    /** SHA-256 over names and values, independent of their order, as 64 hexadecimal digits. */
    public String digest() {
        MessageDigest sha = sha256();
        List<String> names = new ArrayList<>(values.keySet());
        Collections.sort(names);
        for (String name : names) {
            update(sha, name);
            update(sha, values.get(name));
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    /** Names whose value differs, or that only one of the two has; empty if the two are equal. */
    public List<String> differencesFrom(Fingerprint other) {
        Set<String> names = new LinkedHashSet<>(values.keySet());
        names.addAll(other.values.keySet());
        return names.stream()
                .filter(name -> !Objects.equals(values.get(name), other.values.get(name)))
                .toList();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The length goes first, so that no text can pass for two. */
    private static void update(MessageDigest sha, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        sha.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
        sha.update(bytes);
    }
}
