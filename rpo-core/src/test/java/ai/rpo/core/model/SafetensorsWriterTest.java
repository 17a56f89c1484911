package ai.rpo.core.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

class SafetensorsWriterTest {

    private static Path file;

    @BeforeContainer
    static void createFile() throws IOException {
        file = Files.createTempFile("written", ".safetensors");
    }

    @AfterContainer
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    /** Small whole numbers, which all three dtypes hold exactly. */
    @Property(tries = 200)
    void whatIsWrittenIsRead(
            @ForAll Dtype dtype,
            @ForAll @Size(min = 1, max = 5) List<@IntRange(min = 1, max = 40) Integer> columns,
            @ForAll @IntRange(min = 1, max = 30) int rows)
            throws IOException {
        List<ParameterLayout.Entry> entries = new ArrayList<>();
        long offset = 0;
        for (int i = 0; i < columns.size(); i++) {
            ParameterLayout.Entry entry =
                    new ParameterLayout.Entry("t\"" + i, offset, List.of(rows, columns.get(i)), RowOrder.AS_STORED);
            entries.add(entry);
            offset += entry.size();
        }
        new SafetensorsWriter(dtype).write(file, entries, SafetensorsWriterTest::number);
        SafetensorsFile read = SafetensorsFile.open(file);
        assertEquals(entries.size(), read.tensors().size());
        for (ParameterLayout.Entry entry : entries) {
            StoredTensor tensor = read.tensors().get(entry.name());
            assertEquals(dtype.name(), tensor.dtype());
            assertEquals(List.of((long) rows, (long) entry.columns()), tensor.shape());
            float[] expected = new float[(int) entry.size()];
            number(entry, 0, FloatBuffer.wrap(expected));
            float[] floats = new float[expected.length];
            read.read(tensor, 0, FloatBuffer.wrap(floats));
            assertArrayEquals(expected, floats);
        }
        byte[] bytes = Files.readAllBytes(file);
        long headerLength =
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertEquals(0, headerLength % 8);
        assertTrue(
                new String(bytes, 8, 40, StandardCharsets.UTF_8).startsWith("{\"__metadata__\":{\"format\":\"pt\"}"));
    }

    private static void number(ParameterLayout.Entry entry, long offset, FloatBuffer target) {
        for (long i = offset; target.hasRemaining(); i++) {
            target.put((entry.offset() + i) % 256 - 128);
        }
    }
}
