package ai.rpo.spark.reference;

import ai.rpo.core.score.ExampleScore;
import ai.rpo.spark.store.KeyedFiles;
import ai.rpo.spark.store.MemoryFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** A Parquet file of scores. */
final class ScoreFile implements KeyedFiles.Content<ScoreFile.Scored> {

    /** A score under the key of its row. */
    record Scored(byte[] key, ExampleScore score) {}

    /** Has the columns as Spark reads them. */
    static final StructType COLUMNS = new StructType()
            .add("key", DataTypes.BinaryType)
            .add("logps", DataTypes.createArrayType(DataTypes.DoubleType))
            .add("token_logps", DataTypes.createArrayType(DataTypes.FloatType));

    /** Says the same in Parquet's own words. */
    private static final MessageType SCHEMA = MessageTypeParser.parseMessageType("""
            message scores {
              required binary key;
              required group logps (LIST) { repeated group list { required double element; } }
              optional group token_logps (LIST) { repeated group list { required float element; } }
            }
            """);

    private final MemoryFile file = new MemoryFile();
    private final ParquetWriter<Group> writer;
    private final boolean perToken;
    private long bytes;

    /** @param perToken whether the log-probability of each token is kept too */
    ScoreFile(boolean perToken, Configuration hadoop) {
        this.perToken = perToken;
        try {
            writer = ExampleParquetWriter.builder(file)
                    .withConf(hadoop)
                    .withType(SCHEMA)
                    .withDictionaryEncoding(false)
                    .build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void add(Scored scored) {
        byte[] key = scored.key();
        ExampleScore score = scored.score();
        Group row = new SimpleGroup(SCHEMA);
        row.add("key", Binary.fromConstantByteArray(key));
        Group logps = row.addGroup("logps");
        for (double logp : score.logps()) {
            logps.addGroup("list").add("element", logp);
        }
        bytes += key.length + (long) Double.BYTES * score.logps().length;
        if (perToken && score.tokenLogps() != null) {
            Group tokens = row.addGroup("token_logps");
            for (float logp : score.tokenLogps()) {
                tokens.addGroup("list").add("element", logp);
            }
            bytes += (long) Float.BYTES * score.tokenLogps().length;
        }
        try {
            writer.write(row);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The score of a row of {@link #COLUMNS}, of which the two columns of scores begin at {@code column}. */
    static ExampleScore score(Row row, int column) {
        double[] logps = row.<Double>getList(column).stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
        if (row.isNullAt(column + 1)) {
            return new ExampleScore(logps, null);
        }
        float[] tokens = new float[row.getList(column + 1).size()];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = row.<Float>getList(column + 1).get(i);
        }
        return new ExampleScore(logps, tokens);
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public byte[] close() {
        try {
            writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file.content();
    }
}
