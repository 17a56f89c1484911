package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {

    private final Configuration hadoop = new Configuration();

    @TempDir
    java.nio.file.Path folder;

    @BeforeEach
    void files() throws IOException {
        Files.writeString(folder.resolve("b.jsonl"), "b\n");
        Files.writeString(folder.resolve("a.jsonl"), "a\n");
        Files.writeString(folder.resolve("_SUCCESS"), "");
        Files.writeString(folder.resolve(".a.jsonl.crc"), "");
        Files.writeString(Files.createDirectory(folder.resolve("deep")).resolve("c.jsonl"), "c\n");
    }

    @Test
    void takesFilesFoldersAndGlobs() {
        assertEquals(List.of("b.jsonl"), names(folder + "/b.jsonl"));
        assertEquals(List.of("a.jsonl", "b.jsonl", "c.jsonl"), names(folder.toString()));
        assertEquals(List.of("a.jsonl", "b.jsonl"), names(folder + "/*.jsonl"));
        assertEquals(List.of("b.jsonl", "a.jsonl"), names(folder + "/b.jsonl", "file://" + folder + "/a.jsonl"));
    }

    @Test
    void whatIsHiddenDoesNotCountUnlessItIsNamed() throws IOException {
        for (String hidden : List.of("_temporary/0", ".git/refs", "deep/.cache", "deep/_delta_log")) {
            Files.writeString(Files.createDirectories(folder.resolve(hidden)).resolve("hidden.jsonl"), "h\n");
        }
        for (String description : List.of("README.md", "dataset_info.json", "deep/dataset_dict.json")) {
            Files.writeString(folder.resolve(description), "{\n");
        }
        assertEquals(List.of("a.jsonl", "b.jsonl", "c.jsonl"), names(folder.toString()));
        assertEquals(List.of("c.jsonl"), names(folder + "/*/*.jsonl"));
        assertEquals(List.of("hidden.jsonl"), names(folder + "/.git/*/*.jsonl"));
        assertEquals(List.of("hidden.jsonl"), names(folder + "/deep/_*/*.jsonl"));
        assertEquals(List.of("hidden.jsonl"), names(folder + "/_temporary/0"));
        assertEquals(List.of("README.md"), names(folder + "/README.md"));
    }

    @Test
    void aFileWithAColonInItsNameIsRefusedByIt() throws IOException {
        Files.writeString(Files.createDirectory(folder.resolve("a:b")).resolve("12:30.jsonl"), "x\n");
        for (String path : List.of(folder + "/a:b/12:30.jsonl", folder + "/a:b")) {
            RpoException failure = assertThrows(RpoException.class, () -> names(path));
            assertEquals(RpoException.Kind.CONFIGURATION, failure.kind());
            assertTrue(
                    failure.getMessage().contains("a:b/12:30.jsonl: Hadoop opens no file with a colon"),
                    failure.getMessage());
        }
        for (String relative : List.of("12:30.jsonl", "a:b.jsonl", "a:b/c.jsonl")) {
            assertThrows(RpoException.class, () -> names(relative), relative);
        }
    }

    @Test
    void namesAPathWithoutFiles() throws IOException {
        Files.createDirectory(folder.resolve("empty"));
        for (String path : List.of(folder + "/none.jsonl", folder + "/*.parquet", folder + "/empty")) {
            RpoException failure = assertThrows(RpoException.class, () -> names(folder + "/a.jsonl", path));
            assertEquals(RpoException.Kind.CONFIGURATION, failure.kind());
            assertTrue(failure.getMessage().contains(path), failure.getMessage());
        }
    }

    @Test
    void theFingerprintFollowsTheContentAndNotTheTimeOrThePlace() throws IOException {
        String before = fingerprint(folder + "/a.jsonl");
        assertTrue(before.startsWith("1 file, 2 bytes, sha256 "), before);

        Files.setLastModifiedTime(folder.resolve("a.jsonl"), FileTime.fromMillis(1_000_000));
        Files.copy(folder.resolve("a.jsonl"), folder.resolve("deep/a.jsonl"));
        assertEquals(before, fingerprint(folder + "/a.jsonl"));
        assertEquals(before, fingerprint(folder + "/deep/a.jsonl"));

        Files.writeString(folder.resolve("a.jsonl"), "A\n");
        assertNotEquals(before, fingerprint(folder + "/a.jsonl"));
        assertNotEquals(
                fingerprint(folder + "/a.jsonl", folder + "/b.jsonl"),
                fingerprint(folder + "/b.jsonl", folder + "/a.jsonl"));
    }

    @Test
    void largeInputsAreToldByTheirTime() throws IOException {
        java.nio.file.Path large = folder.resolve("large.jsonl");
        try (RandomAccessFile sparse = new RandomAccessFile(large.toFile(), "rw")) {
            sparse.setLength((256L << 20) + 1);
        }
        Files.setLastModifiedTime(large, FileTime.fromMillis(1_000_000));
        String before = fingerprint(large.toString());

        Files.setLastModifiedTime(large, FileTime.fromMillis(2_000_000));

        assertTrue(before.contains("names, sizes and times"), before);
        assertNotEquals(before, fingerprint(large.toString()));
    }

    private List<String> names(String... paths) {
        return InputFiles.resolve(List.of(paths), hadoop).files().stream()
                .map(file -> file.getPath().getName())
                .toList();
    }

    private String fingerprint(String... paths) {
        return InputFiles.resolve(List.of(paths), hadoop).fingerprint(hadoop);
    }
}
