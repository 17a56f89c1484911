package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FingerprintTest {

    @Test
    void theDigestIgnoresTheOrderOfNames() {
        Map<String, String> forward = new LinkedHashMap<>();
        forward.put("model", "a");
        forward.put("data", "b");
        Map<String, String> backward = new LinkedHashMap<>();
        backward.put("data", "b");
        backward.put("model", "a");

        assertEquals(new Fingerprint(forward).digest(), new Fingerprint(backward).digest());
        assertEquals(
                List.of("model", "data"),
                List.copyOf(new Fingerprint(forward).values().keySet()));
    }

    @Test
    void theDigestIsThatOfTheDocumentedBytes() {
        // printf '4:data1:b5:model1:a' | sha256sum
        assertEquals(
                "03a1d8745ac90e6bfdd1ce9440a540cda209c7101c90ed39da9223d538534603",
                new Fingerprint(Map.of("model", "a", "data", "b")).digest());
    }

    @Test
    void textMovedFromOneValueToTheNextChangesTheDigest() {
        assertNotEquals(
                new Fingerprint(Map.of("a", "xy", "b", "z")).digest(),
                new Fingerprint(Map.of("a", "x", "b", "yz")).digest());
        assertNotEquals(
                new Fingerprint(Map.of("a", "1:b1:c")).digest(), new Fingerprint(Map.of("a", "", "b", "c")).digest());
    }

    @Test
    void differencesNameChangedAndMissingKeys() {
        Fingerprint before = new Fingerprint(Map.of("data", "1", "beta", "0.1", "gone", "x"));
        Fingerprint after = before.and(Map.of("beta", "0.2"));

        assertEquals(List.of("beta"), after.differencesFrom(before));
        assertEquals(
                List.of("beta", "gone"),
                new Fingerprint(Map.of("data", "1", "beta", "0.2"))
                        .differencesFrom(before).stream().sorted().toList());
        assertEquals(List.of(), before.differencesFrom(before));
    }
}
