package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.CheckedFiles.Content;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckedFilesTest {

    /** {@code printf abc | sha256sum}. */
    private static final Content ABC =
            new Content(3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

    private final Configuration hadoop = FakeStores.configuration();

    @TempDir
    java.nio.file.Path work;

    @ParameterizedTest
    @ValueSource(strings = {"file", "aside", "s3a"})
    void aCopyIsWhatWasRead(String store) throws IOException {
        java.nio.file.Path from = Files.createDirectories(work.resolve("from/below"));
        Files.writeString(from.resolve("b"), "abc");
        Files.writeString(from.resolveSibling("a"), "");
        Path to = new Path(store + ":" + work.resolve("to"));

        Map<String, Content> copied =
                CheckedFiles.copy(new Path(work.resolve("from").toString()), to, hadoop);

        assertEquals(List.of("a", "below/b"), List.copyOf(copied.keySet()));
        assertEquals(ABC, copied.get("below/b"));
        assertEquals(Content.of(""), copied.get("a"));
        assertEquals(copied, CheckedFiles.of(to, hadoop));
        assertEquals("abc", Files.readString(work.resolve("to/below/b")));
    }

    @Test
    void whoeverWritesAfterACopyStillHasChecksums() throws IOException {
        Files.writeString(work.resolve("a"), "abc");
        Path to = new Path(work.resolve("to").toString());
        CheckedFiles.copy(new Path(work.toString()), to, hadoop);
        assertFalse(Files.exists(work.resolve("to/.a.crc")));
        Stores.open(to, hadoop).create(new Path(to, "b")).close();
        assertTrue(Files.exists(work.resolve("to/.b.crc")));
    }

    @Test
    void textIsDescribedAsItsFileIs() {
        assertEquals(ABC, Content.of("abc"));
    }

    @Test
    void aFolderThatIsMissingHoldsNothingAndCannotBeCopied() {
        Path missing = new Path(work.resolve("missing").toString());
        assertEquals(Map.of(), CheckedFiles.of(missing, hadoop));
        RpoException refused = assertThrows(
                RpoException.class,
                () -> CheckedFiles.copy(missing, new Path(work.resolve("to").toString()), hadoop));
        assertTrue(refused.getMessage().contains("there is no such file or folder"), refused.getMessage());
    }
}
