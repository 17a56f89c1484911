package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadFailureTest {

    @TempDir
    Path temp;

    @Test
    void saysWhyInWords() {
        assertEquals("this user may not read it", ReadFailure.reason(new AccessDeniedException("/m/config.json")));
        assertEquals(
                "java.io.IOException: the disk is on fire", ReadFailure.reason(new IOException("the disk is on fire")));
    }

    @Test
    void aFileThatIsNoTextIsRefusedAsThat() throws IOException {
        Path file = Files.write(temp.resolve("config.json"), new byte[] {'{', (byte) 0xFF, '}'});
        assertEquals(
                "Cannot read " + file + ": it is not text in UTF-8. Check the file and its permissions.",
                assertThrows(RpoException.class, () -> JsonObject.read(file)).getMessage());
    }

    @Test
    void aWeightFileThatIsAFolderIsRefusedInWords() {
        String refusal = assertThrows(RpoException.class, () -> SafetensorsHeader.read(temp))
                .getMessage();
        assertEquals(
                "Cannot read weights from " + temp
                        + ": java.io.IOException: Is a directory. Fetch or export the file again.",
                refusal);
    }

    @Test
    void aFileThatIsGoneIsNamedOnce() {
        Path gone = temp.resolve("model.safetensors");
        assertEquals(
                "Cannot read " + gone + ": there is no such file. Check the disk and that nothing moves the file.",
                assertThrows(RpoException.class, () -> ModelFingerprint.of(List.of(gone)))
                        .getMessage());
    }
}
