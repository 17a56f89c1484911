package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsHeaderTest {

    private static final String TWO = """
            {"__metadata__":{"format":"pt"},
             "b":{"dtype":"BF16","shape":[2,2],"data_offsets":[8,16]},
             "a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
            """;

    @TempDir
    Path temp;

    @Test
    void tensorsComeInTheOrderOfTheirBytes() throws IOException {
        long data = 8 + TWO.getBytes(StandardCharsets.UTF_8).length;
        assertEquals(
                List.of(
                        new StoredTensor("a", "F32", List.of(2L), data, 8),
                        new StoredTensor("b", "BF16", List.of(2L, 2L), data + 8, 8)),
                read(TinyModel.safetensors(TWO, new byte[16])));
    }

    @Test
    void scalarsAndEmptyTensorsAreFine() throws IOException {
        String header = "{\"empty\":{\"dtype\":\"F32\",\"shape\":[0,5],\"data_offsets\":[0,0]},"
                + "\"scalar\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}}   ";
        assertEquals(2, read(TinyModel.safetensors(header, new byte[8])).size());
    }

    @Test
    void headerLengthIsNotBelieved() throws IOException {
        for (long length : new long[] {0, 1, 1000, 100L << 30, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
            byte[] file = TinyModel.safetensors(TWO, new byte[16]);
            ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
            assertRefused(file, Long.toUnsignedString(length));
        }
        assertRefused(new byte[0], "0 bytes");
        assertRefused(new byte[7], "7 bytes");
    }

    @Test
    void aPointerOfGitLfsIsCalledOne() throws IOException {
        String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 269060552\n";
        assertRefused(pointer.getBytes(StandardCharsets.UTF_8), "pointer of Git LFS", "git lfs pull");
    }

    @Test
    void aTruncatedOrLongerFileIsRefused() throws IOException {
        byte[] file = TinyModel.safetensors(TWO, new byte[16]);
        assertRefused(Arrays.copyOf(file, file.length - 1), "tensor b", "truncated");
        assertRefused(Arrays.copyOf(file, file.length + 1), "end at byte " + file.length);
    }

    @Test
    void headerMustBeOneJsonObject() throws IOException {
        assertRefused(header("not json at all"), "not valid JSON");
        assertRefused(header("[1, 2]"), "not a JSON object");
        assertRefused(header("{\"a\":{\"dtype\":\"F32\""), "not valid JSON");
        assertRefused(header("{} {}"), "after its closing brace");
        assertRefused(header("{\"a\":3}"), "entry a");
        assertRefused(header("{\"__metadata__\":" + "{\"a\":".repeat(5000)), "not valid JSON");
    }

    @Test
    void duplicateNamesAreRefused() throws IOException {
        String tensor = "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";
        assertRefused(TinyModel.safetensors("{" + tensor + "," + tensor + "}", new byte[8]), "Duplicate", "'a'");
    }

    @Test
    void unknownDtypeIsNamed() throws IOException {
        assertRefused(one("Q4_K", "[2]", "[0,8]"), "tensor a", "Q4_K");
    }

    @Test
    void offsetsMustLieInTheFileAndMatchTheShape() throws IOException {
        assertRefused(one("F32", "[2]", "[0,800]"), "tensor a", "800");
        assertRefused(one("F32", "[2]", "[-8,0]"), "tensor a", "-8");
        assertRefused(one("F32", "[2]", "[8,0]"), "tensor a");
        assertRefused(one("F32", "[2]", "[0,8,16]"), "data_offsets");
        assertRefused(one("F32", "[2]", "[0,1e1]"), "data_offsets", "1e1");
        assertRefused(one("F32", "[2]", "[0,99999999999999999999]"), "99999999999999999999");
        assertRefused(one("F32", "[3]", "[0,8]"), "shape [3]");
        assertRefused(one("F32", "[4294967296,4294967296,2]", "[0,8]"), "shape");
        assertRefused(one("F32", "[-2]", "[0,8]"), "shape -2");
        assertRefused(one("F32", "2", "[0,8]"), "shape");
    }

    @Test
    void tensorsMustCoverTheDataOnce() throws IOException {
        assertRefused(TinyModel.safetensors(TWO.replace("[8,16]", "[4,12]"), new byte[16]), "tensor b overlaps");
        assertRefused(TinyModel.safetensors(TWO.replace("[8,16]", "[12,20]"), new byte[20]), "gap before tensor b");
    }

    @Test
    void missingFileIsNamed() {
        Path missing = temp.resolve("gone.safetensors");
        RpoException e = assertThrows(RpoException.class, () -> SafetensorsHeader.read(missing));
        assertTrue(e.getMessage().contains("gone.safetensors: there is no such file"), e.getMessage());
    }

    /** Whatever a byte is changed to, the file is read or refused with our own error. */
    @Property(tries = 2000)
    void aFlippedByteNeverEscapes(@ForAll @IntRange(min = 0, max = 190) int position, @ForAll byte value)
            throws IOException {
        byte[] file = TinyModel.safetensors(TWO, new byte[16]);
        file[position % file.length] = value;
        Path path = Files.createTempFile("flipped", ".safetensors");
        try {
            Files.write(path, file);
            SafetensorsHeader.read(path).forEach(tensor -> assertTrue(tensor.end() <= file.length));
        } catch (RpoException e) {
            assertTrue(e.getMessage().startsWith("Cannot read weights from " + path + ": "), e.getMessage());
        } finally {
            Files.delete(path);
        }
    }

    private static byte[] one(String dtype, String shape, String offsets) {
        return TinyModel.safetensors(
                "{\"a\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}".formatted(dtype, shape, offsets),
                new byte[8]);
    }

    private static byte[] header(String json) {
        return TinyModel.safetensors(json, new byte[0]);
    }

    private List<StoredTensor> read(byte[] content) throws IOException {
        return SafetensorsHeader.read(Files.write(temp.resolve("model.safetensors"), content));
    }

    private void assertRefused(byte[] content, String... named) throws IOException {
        Path file = Files.write(temp.resolve("model.safetensors"), content);
        RpoException e = assertThrows(RpoException.class, () -> SafetensorsHeader.read(file));
        for (String name : named) {
            assertTrue(e.getMessage().contains(name), e.getMessage());
        }
        assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }
}
