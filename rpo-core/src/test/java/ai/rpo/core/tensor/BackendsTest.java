package ai.rpo.core.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.LogLines;
import ai.rpo.core.RpoException;
import ai.rpo.core.tensor.cpu.CpuBackend;
import ai.rpo.core.tensor.nd4j.Nd4jBackend;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackendsTest {

    @Test
    void kindsAreFoundByTheirNames() {
        Set<String> keys = new TreeSet<>();
        ServiceLoader.load(BackendProvider.class).forEach(provider -> keys.add(provider.key()));

        assertEquals(Set.of("cpu", "cuda", "nd4j"), keys);
        assertInstanceOf(CpuBackend.class, Backends.create("cpu", Precision.FLOAT32, 1));
        assertInstanceOf(Nd4jBackend.class, Backends.create("nd4j", Precision.FLOAT32, 1));
    }

    @Test
    void anUnknownNameIsAnsweredWithThoseThereAre() {
        var refused = assertThrows(IllegalArgumentException.class, () -> Backends.prefer("tpu"));

        assertEquals(
                "Cannot compute with tpu: there are auto, cpu, cuda, nd4j. Name one of these.", refused.getMessage());
    }

    /** A jar's provider is found as Spark's class loader has it, and the next best computes where it cannot. */
    @Test
    void aJarBringsAnotherKind(@TempDir Path jar) throws Exception {
        Path services = Files.createDirectories(jar.resolve("META-INF/services"));
        Files.writeString(services.resolve(BackendProvider.class.getName()), Broken.class.getName());

        try (FreshLoader fresh = new FreshLoader(jar)) {
            Thread thread = Thread.currentThread();
            ClassLoader usual = thread.getContextClassLoader();
            thread.setContextClassLoader(fresh);
            try {
                Class<?> backends = fresh.loadClass(Backends.class.getName());
                var create = backends.getMethod("create", String.class, Precision.class, int.class);
                try (LogLines log = new LogLines(Backends.class)) {
                    var auto = create.invoke(null, Backends.AUTO, Precision.FLOAT32, 1);
                    assertSame(CpuBackend.class, auto.getClass());
                    String line = log.all().get(0);
                    assertTrue(line.startsWith("Computing with "), line);
                    assertTrue(
                            line.contains(" (the fastest here; not broken, since it is a test; not cuda, since "),
                            line);
                    assertEquals(1, line.lines().count(), line);
                    assertEquals(1, log.all().size(), log.all().toString());
                }
                var failure = assertThrows(
                        java.lang.reflect.InvocationTargetException.class,
                        () -> create.invoke(null, "broken", Precision.FLOAT32, 1));
                var refused = assertInstanceOf(RpoException.class, failure.getCause());
                assertTrue(
                        refused.getMessage().startsWith("Cannot compute with broken: it is a test. Install"),
                        refused.getMessage());
            } finally {
                thread.setContextClassLoader(usual);
            }
        }
    }

    /** Loads {@link Backends} anew, since it looks for providers once, and all else from the usual class path. */
    private static final class FreshLoader extends URLClassLoader {

        FreshLoader(Path jar) throws IOException {
            super(
                    new URL[] {
                        jar.toUri().toURL(),
                        Backends.class.getProtectionDomain().getCodeSource().getLocation()
                    },
                    Backends.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                if (loaded == null && name.equals(Backends.class.getName())) {
                    return findClass(name);
                }
                return loaded == null ? super.loadClass(name, resolve) : loaded;
            }
        }
    }

    /** The fastest of all, were it to work. */
    public static final class Broken implements BackendProvider {

        @Override
        public String key() {
            return "broken";
        }

        @Override
        public int rank() {
            return 1000;
        }

        @Override
        public Backend open(Precision precision, int threads) throws UnavailableException {
            throw new UnavailableException("it is a test", null);
        }
    }
}
