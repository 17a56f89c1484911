package ai.rpo.jobs.track;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineageDatasetTest {

    /** As https://openlineage.io/docs/spec/naming has them. */
    @ParameterizedTest
    @CsvSource({
        "file:/srv/my%20pairs.jsonl, file, /srv/my pairs.jsonl, sum",
        "file:///srv/pairs.jsonl, file, /srv/pairs.jsonl, sum",
        "hdfs://name:8020/data/pairs, hdfs://name:8020, /data/pairs, sum",
        "s3a://bucket/data/pairs, s3://bucket, data/pairs, sum",
        "gs://bucket/pairs, gs://bucket, pairs, sum",
        "table:lake.db.pairs@17, nightly, lake.db.pairs, 17",
        "table:lake.db.pairs@17..23, nightly, lake.db.pairs, 23",
        "table:pairs, nightly, pairs, sum",
        "sql:SELECT 1, nightly, sql:SELECT 1, sum",
    })
    void filesAndTablesAreNamed(String path, String namespace, String name, String version) {
        assertEquals(
                new LineageDataset(namespace, name, Optional.of(version)),
                LineageDataset.of(path, Optional.of("sum"), "nightly"));
    }
}
