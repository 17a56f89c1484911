package ai.rpo.spark.store;

import java.io.ByteArrayOutputStream;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/** A Parquet file of moderate size that is made in memory, so that a store sees it whole or not at all. */
public final class MemoryFile implements OutputFile {

    private final ByteArrayOutputStream content = new ByteArrayOutputStream();

    /** The whole file, once its writer is closed. */
    public byte[] content() {
        return content.toByteArray();
    }

    @Override
    public PositionOutputStream create(long blockSizeHint) {
        return new PositionOutputStream() {
            @Override
            public long getPos() {
                return content.size();
            }

            @Override
            public void write(int b) {
                content.write(b);
            }

            @Override
            public void write(byte[] from, int offset, int length) {
                content.write(from, offset, length);
            }
        };
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSizeHint) {
        return create(blockSizeHint);
    }

    @Override
    public boolean supportsBlockSize() {
        return false;
    }

    @Override
    public long defaultBlockSize() {
        return 0;
    }
}
