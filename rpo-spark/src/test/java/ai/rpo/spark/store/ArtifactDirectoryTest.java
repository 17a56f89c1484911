package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactDirectoryTest {

    private static final Manifest MANIFEST =
            new Manifest("prepare", "1", Instant.EPOCH, new Fingerprint(Map.of("key", "value")), Map.of(), Map.of());

    private final Configuration hadoop = FakeStores.configuration();

    @TempDir
    java.nio.file.Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"file", "aside", "s3a"})
    void countsOnlyBetweenPublishAndClear(String scheme) throws IOException {
        ArtifactDirectory artifact =
                new RunDirectory(new Path(scheme + "://" + folder + "/run"), hadoop).artifact("data");
        assertEquals(Optional.empty(), artifact.manifest());

        artifact.clear();
        Files.writeString(
                Files.createDirectory(folder.resolve("run/data/train")).resolve("part-0"), "rows");
        assertEquals(Optional.empty(), artifact.manifest());

        artifact.publish(MANIFEST);
        assertEquals(Optional.of(MANIFEST), artifact.manifest());
        assertEquals("rows", Files.readString(folder.resolve("run/data/train/part-0")));

        artifact.clear();
        assertEquals(Optional.empty(), artifact.manifest());
        assertArrayEquals(new String[0], folder.resolve("run/data").toFile().list());
    }

    @Test
    void aDamagedManifestIsNeitherAnArtifactNorNone() throws IOException {
        Files.writeString(Files.createDirectory(folder.resolve("data")).resolve("manifest.json"), "{\"stage\": ");
        ArtifactDirectory artifact = new ArtifactDirectory(new Path(folder + "/data"), Fence.NONE, hadoop);

        RpoException failure = assertThrows(RpoException.class, artifact::manifest);

        assertEquals(RpoException.Kind.CONFIGURATION, failure.kind());
        assertTrue(failure.getMessage().contains(folder + "/data"), failure.getMessage());
    }
}
