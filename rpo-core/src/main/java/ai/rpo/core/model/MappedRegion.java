package ai.rpo.core.model;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;

/**
 * A short piece of a file in memory, unmapped on close rather than whenever the collector comes by, so that reading a
 * large model does not leave all of it in the resident set. The buffer must not be used after that.
 */
final class MappedRegion implements AutoCloseable {

    private static final MethodHandle UNMAP = unmap();

    private final MappedByteBuffer buffer;

    MappedRegion(FileChannel channel, long begin, long bytes) throws IOException {
        buffer = channel.map(FileChannel.MapMode.READ_ONLY, begin, bytes);
    }

    ByteBuffer littleEndian() {
        return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public void close() {
        if (UNMAP != null) {
            try {
                UNMAP.invokeExact((ByteBuffer) buffer);
            } catch (Throwable e) {
                throw new IllegalStateException("Cannot unmap a file", e);
            }
        }
    }

    /** {@code sun.misc.Unsafe.invokeCleaner}, the only way before Java 22; without it the collector unmaps. */
    private static MethodHandle unmap() {
        try {
            Class<?> unsafe = Class.forName("sun.misc.Unsafe");
            Field instance = unsafe.getDeclaredField("theUnsafe");
            instance.setAccessible(true);
            return MethodHandles.lookup()
                    .findVirtual(unsafe, "invokeCleaner", MethodType.methodType(void.class, ByteBuffer.class))
                    .bindTo(instance.get(null));
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null;
        }
    }
}
