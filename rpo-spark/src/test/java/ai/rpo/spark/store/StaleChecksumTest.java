package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;

class StaleChecksumTest {

    private static final Path FILE = new Path("folder/data.jsonl");

    @Test
    void namesTheChecksumAndTheWayOut() {
        Throwable failure = new IOException(new ChecksumException("Checksum error", 0));
        RpoException e = StaleChecksum.of(FILE, failure).orElseThrow();
        assertEquals(RpoException.Kind.CONFIGURATION, e.kind());
        assertTrue(e.getMessage().contains(".data.jsonl.crc beside it says"), e.getMessage());
        assertTrue(e.getMessage().contains("delete that checksum"), e.getMessage());
    }

    @Test
    void otherFailuresAreNotOfAChecksum() {
        assertEquals(Optional.empty(), StaleChecksum.of(FILE, new IOException("gone")));
    }
}
