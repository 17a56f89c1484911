package ai.rpo.spark.prepare;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.BZip2Codec;
import org.apache.hadoop.io.compress.GzipCodec;

/** Says how a file is compressed, told by the end of its name. */
enum Decompression {
    NONE(""),
    GZIP(".gz"),
    BZIP2(".bz2"),
    // Hadoop's own codec needs a native library that Spark does not bring.
    ZSTANDARD(".zst");

    /**
     * Logarithm of what {@code zstd --long=31} makes, its most; as much memory is taken as a file has that far back.
     */
    private static final int LARGEST_WINDOW = 31;

    private final String suffix;

    Decompression(String suffix) {
        this.suffix = suffix;
    }

    static Decompression of(Path file) {
        return Arrays.stream(values())
                .filter(way -> way != NONE && file.getName().endsWith(way.suffix))
                .findFirst()
                .orElse(NONE);
    }

    /** The file's name without what tells of the compression. */
    String innerName(Path file) {
        String name = file.getName();
        return name.substring(0, name.length() - suffix.length());
    }

    /** Opens a file from its beginning. */
    InputStream open(Path file, Configuration hadoop) throws IOException {
        InputStream raw = file.getFileSystem(hadoop).open(file);
        try {
            return switch (this) {
                case NONE -> raw;
                case GZIP -> {
                    GzipCodec codec = new GzipCodec();
                    codec.setConf(hadoop);
                    yield codec.createInputStream(raw);
                }
                case BZIP2 -> {
                    BZip2Codec codec = new BZip2Codec();
                    codec.setConf(hadoop);
                    yield codec.createInputStream(raw);
                }
                case ZSTANDARD -> new ZstdInputStreamNoFinalizer(raw).setLongMax(LARGEST_WINDOW);
            };
        } catch (IOException | RuntimeException e) {
            raw.close();
            throw e;
        }
    }
}
