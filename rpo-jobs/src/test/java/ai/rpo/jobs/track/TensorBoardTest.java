package ai.rpo.jobs.track;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardTest {

    @TempDir
    Path folder;

    /** As TensorBoard 2's EventFileWriter writes them. */
    @Test
    void recordsAreThoseOfTensorBoardsOwnWriter() {
        assertArrayEquals(
                HexFormat.of().parseHex(Golden.HEADER), TensorBoardEvents.header(1000.5));
        assertArrayEquals(
                HexFormat.of().parseHex(Golden.SCALAR),
                TensorBoardEvents.scalars(1000.5, 300, Map.of("rewards/accuracies", 0.625)));
    }

    @Test
    void aFileGrowsStepByStep() throws IOException {
        TensorBoard board = new TensorBoard(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration());
        board.steps(List.of(Map.of("step", 1L, "loss", 0.5)));
        long first = Files.size(file());
        board.steps(List.of(Map.of("step", 2L, "loss", Double.NaN), Map.of("step", 3L, "loss", 0.25)));
        board.close();
        assertTrue(Files.size(file()) > first);
        assertEquals(4, records(Files.readAllBytes(file())));
    }

    private Path file() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("events.out.tfevents."))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static int records(byte[] bytes) {
        java.nio.ByteBuffer left = java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        int records = 0;
        while (left.hasRemaining()) {
            left.position(left.position() + (int) left.getLong(left.position()) + 16);
            records++;
        }
        return records;
    }
}
