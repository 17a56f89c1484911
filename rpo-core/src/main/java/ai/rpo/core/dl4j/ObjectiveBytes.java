package ai.rpo.core.dl4j;

import ai.rpo.core.objective.Objective;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.UncheckedIOException;

/** Carries an objective through DL4J's configuration as the Java-serialised value that it is, a user's class too. */
final class ObjectiveBytes {

    private ObjectiveBytes() {}

    static byte[] write(Objective objective) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(objective);
        } catch (IOException e) {
            throw new UncheckedIOException("the objective " + objective.name() + " cannot be serialised", e);
        }
        return bytes.toByteArray();
    }

    static Objective read(byte[] bytes) {
        try (ObjectInputStream in = new InContext(new ByteArrayInputStream(bytes))) {
            return (Objective) in.readObject();
        } catch (IOException | ClassNotFoundException e) {
            throw new IllegalStateException("the objective cannot be read here: " + e, e);
        }
    }

    /** Finds classes of the jars that Spark gave to this thread. */
    private static final class InContext extends ObjectInputStream {

        private InContext(InputStream in) throws IOException {
            super(in);
        }

        @Override
        protected Class<?> resolveClass(ObjectStreamClass description) throws IOException, ClassNotFoundException {
            ClassLoader context = Thread.currentThread().getContextClassLoader();
            try {
                return Class.forName(description.getName(), false, context);
            } catch (ClassNotFoundException e) {
                return super.resolveClass(description);
            }
        }
    }
}
