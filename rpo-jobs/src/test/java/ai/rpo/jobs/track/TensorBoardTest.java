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

    /** Written by tensorboard 2.21.0's RecordWriter: Event(wall_time=1000.5, file_version="brain.Event:2"). */
    private static final String HEADER =
            "1800000000000000a37f4b22090000000000448f401a0d627261696e2e4576656e743a32aba33345";

    /** The same: Event(wall_time=1000.5, step=300, summary=(tag="rewards/accuracies", simple_value=0.625)). */
    private static final String SCALAR =
            "290000000000000037ff5f00090000000000448f4010ac022a1b0a190a12726577617264732f6163"
                    + "6375726163696573150000203f6504d852";

    @TempDir
    Path folder;

    @Test
    void recordsAreThoseOfTensorBoardsOwnWriter() {
        assertArrayEquals(HexFormat.of().parseHex(HEADER), TensorBoardEvents.header(1000.5));
        assertArrayEquals(
                HexFormat.of().parseHex(SCALAR),
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
