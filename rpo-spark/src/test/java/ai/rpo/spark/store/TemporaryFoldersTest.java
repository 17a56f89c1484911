package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryFoldersTest {

    @TempDir
    Path disk;

    @Test
    void whatKilledProcessesLeftIsDeleted() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        folder("rpo-copy-" + gone.pid() + "-old", Duration.ofDays(2));
        folder("rpo-copy-" + gone.pid() + "-young", Duration.ofHours(2));
        folder("rpo-copy-" + ProcessHandle.current().pid() + "-mine", Duration.ofDays(2));
        folder("rpo-models-me", Duration.ofDays(2));

        TemporaryFolders.deleteLeftBehind(disk);

        try (var left = Files.list(disk)) {
            assertEquals(
                    Set.of(
                            "rpo-copy-" + gone.pid() + "-young",
                            "rpo-copy-" + ProcessHandle.current().pid() + "-mine",
                            "rpo-models-me"),
                    left.map(path -> path.getFileName().toString()).collect(Collectors.toSet()));
        }
    }

    private void folder(String name, Duration age) throws IOException {
        Path folder = Files.createDirectory(disk.resolve(name));
        Files.writeString(folder.resolve("weights"), "x");
        Files.setLastModifiedTime(folder, FileTime.from(Instant.now().minus(age)));
    }
}
