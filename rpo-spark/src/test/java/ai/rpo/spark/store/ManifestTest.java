package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {

    private static final Manifest MANIFEST = new Manifest(
            "prepare",
            "0.1.0",
            Instant.parse("2026-01-02T03:04:05Z"),
            new Fingerprint(Map.of("rpo.data.max-length", "512")),
            Map.of("train_pairs", 3_000_000_000L),
            Map.of("s3a://bucket/pairs.jsonl", "12 bytes, sha256 ab"));

    @Test
    void comesBackAsItWasWritten() {
        assertEquals(MANIFEST, Manifest.fromJson(MANIFEST.toJson()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not json", "{", "[]", "{}", "null", "{\"stage\": \"prepare\"}"})
    void refusesWhatIsNoManifest(String text) {
        assertThrows(IllegalArgumentException.class, () -> Manifest.fromJson(text));
    }

    @Test
    void refusesAFingerprintThatWasEditedByHand() {
        String edited = MANIFEST.toJson().replace("\"512\"", "\"513\"");

        Exception failure = assertThrows(IllegalArgumentException.class, () -> Manifest.fromJson(edited));

        assertTrue(failure.getMessage().contains("digest"), failure.getMessage());
    }

    @Test
    void refusesABadDate() {
        String edited = MANIFEST.toJson().replace("2026-01-02T", "2026-13-02T");

        assertThrows(IllegalArgumentException.class, () -> Manifest.fromJson(edited));
    }
}
