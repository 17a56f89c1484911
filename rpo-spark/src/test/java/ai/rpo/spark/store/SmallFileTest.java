package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SmallFileTest {

    private final Configuration hadoop = FakeStores.configuration();

    @TempDir
    java.nio.file.Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"file", "aside", "s3a", "old"})
    void isReplacedWholeAndLeavesNothingElseBehind(String scheme) {
        SmallFile file = new SmallFile(new Path(scheme + "://" + folder + "/run/status.json"), hadoop);

        assertEquals(Optional.empty(), file.read());
        file.write("a long first text: é\n");
        file.write("second\n");

        assertEquals(Optional.of("second\n"), file.read());
        assertArrayEquals(
                new String[] {"status.json"}, folder.resolve("run").toFile().list());
    }

    @Test
    void whatFailsHalfwayLeavesTheOldTextEvenWithoutARenameThatReplaces() {
        SmallFile file = new SmallFile(new Path("old://" + folder + "/run/manifest.json"), hadoop);
        file.write("whole");
        FakeStores.capacity(3);
        try {
            assertThrows(FSError.class, () -> file.write("half of it"));
        } finally {
            FakeStores.capacity(Long.MAX_VALUE);
        }
        assertEquals(Optional.of("whole"), file.read());
        assertArrayEquals(
                new String[] {"manifest.json"}, folder.resolve("run").toFile().list());
    }

    @Test
    void isReadAsAPersonLeftItEvenIfHadoopWroteAChecksumBefore() throws IOException {
        Path path = new Path("file://" + folder + "/note.txt");
        try (var out = path.getFileSystem(hadoop).create(path)) {
            out.writeBytes("written with a checksum");
        }
        Files.writeString(folder.resolve("note.txt"), "edited");

        assertEquals(Optional.of("edited"), new SmallFile(path, hadoop).read());
    }

    @Test
    void namesTheFileThatStandsInTheWay() throws IOException {
        Files.writeString(folder.resolve("run"), "a file");
        SmallFile file = new SmallFile(new Path(folder + "/run/status.json"), hadoop);

        RpoException failure = assertThrows(RpoException.class, () -> file.write("text"));

        assertEquals(RpoException.Kind.CONFIGURATION, failure.kind());
        assertTrue(
                failure.getMessage().startsWith("Cannot write " + folder + "/run/status.json: "), failure.getMessage());
        assertTrue(failure.getMessage().contains("a file stands where a folder is needed"), failure.getMessage());
    }

    @Test
    void namesAnUnknownScheme() {
        SmallFile file = new SmallFile(new Path("nosuch://bucket/status.json"), hadoop);

        RpoException failure = assertThrows(RpoException.class, file::read);

        assertEquals(RpoException.Kind.CONFIGURATION, failure.kind());
        assertTrue(failure.getMessage().contains("no file system for nosuch://"), failure.getMessage());
    }
}
