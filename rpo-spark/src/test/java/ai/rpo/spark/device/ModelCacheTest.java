package ai.rpo.spark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCacheTest {

    @TempDir
    Path work;

    private int fetched;

    @Test
    void anEntryThatLacksAFileIsFetchedAgain() throws IOException {
        Path entry = get("a");
        assertEquals(entry, get("a"));
        assertEquals(1, fetched);

        Files.delete(entry.resolve("weights"));
        assertEquals("weights of 2", Files.readString(get("a").resolve("weights")));

        Files.writeString(entry.resolve("weights"), "cut");
        assertEquals("weights of 3", Files.readString(get("a").resolve("weights")));
    }

    @Test
    void whatNobodyAskedForIsDeletedCheckpointsFirst() throws IOException {
        String checkpoint = ModelCache.nameOf("b", true);
        get("a");
        get(checkpoint);
        unused("a", Duration.ofDays(6));
        unused(checkpoint, Duration.ofMinutes(20));
        get("c");
        assertTrue(isThere("a") && isThere(checkpoint));

        unused(checkpoint, Duration.ofMinutes(31));
        get("c");
        assertTrue(isThere("a"));
        assertFalse(isThere(checkpoint));

        unused("a", Duration.ofDays(8));
        get("c");
        assertFalse(isThere("a"));
        assertTrue(isThere("c"));

        unused("c", Duration.ofDays(8));
        get("c");
        assertEquals(3, fetched, "who asks for it, keeps it");
    }

    private Path get(String name) throws IOException {
        return new ModelCache(work.resolve("cache")).get(name, this::fetch);
    }

    private Path fetch() {
        fetched++;
        try {
            Path folder = Files.createDirectory(work.resolve("fetched"));
            Files.writeString(folder.resolve("weights"), "weights of " + fetched);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isThere(String name) {
        return Files.exists(work.resolve("cache").resolve(name));
    }

    private void unused(String name, Duration time) throws IOException {
        Files.setLastModifiedTime(
                work.resolve("cache").resolve(name + ".files"),
                FileTime.from(Instant.now().minus(time)));
    }
}
