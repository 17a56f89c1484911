package ai.rpo.spark.prepare;

import ai.rpo.spark.store.MemoryFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.Row;

/** Says how large rows of token ids are in a shard. */
final class ShardSize {

    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType("""
            message row {
              required int64 ordinal;
              repeated group ids (LIST) { repeated group list { required int32 element; } }
            }
            """);

    private ShardSize() {}

    /** Bytes of a file of these rows, compressed as Spark does it. */
    static long of(List<Row> rows) {
        MemoryFile file = new MemoryFile();
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(file)
                .withConf(new Configuration(false))
                .withType(SCHEMA)
                .withCompressionCodec(CompressionCodecName.SNAPPY)
                .build()) {
            for (Row row : rows) {
                writer.write(group(row));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file.content().length;
    }

    private static Group group(Row row) {
        Group group = new SimpleGroup(SCHEMA);
        for (int column = 0; column < row.length(); column++) {
            if (row.get(column) instanceof Long ordinal) {
                group.add("ordinal", ordinal);
            } else if (row.get(column) instanceof int[] ids) {
                Group list = group.addGroup("ids");
                for (int id : ids) {
                    list.addGroup("list").add("element", id);
                }
            }
        }
        return group;
    }
}
