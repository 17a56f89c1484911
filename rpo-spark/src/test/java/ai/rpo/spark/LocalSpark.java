package ai.rpo.spark;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Starts one {@link SparkSession} on two threads, on loopback, for all test classes of the JVM; each gets it in its static
 * fields, as a session or a context, and as a parameter.
 */
public final class LocalSpark implements BeforeAllCallback, ParameterResolver {

    @Override
    public void beforeAll(ExtensionContext test) throws IllegalAccessException {
        for (Field field : test.getRequiredTestClass().getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                continue;
            }
            if (field.getType() == SparkSession.class) {
                field.setAccessible(true);
                field.set(null, session(test));
            } else if (field.getType() == JavaSparkContext.class) {
                field.setAccessible(true);
                field.set(null, JavaSparkContext.fromSparkContext(session(test).sparkContext()));
            }
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        return parameter.getParameter().getType() == SparkSession.class;
    }

    @Override
    public SparkSession resolveParameter(ParameterContext parameter, ExtensionContext test) {
        return session(test);
    }

    private static SparkSession session(ExtensionContext test) {
        return test.getRoot()
                .getStore(Namespace.create(LocalSpark.class))
                .getOrComputeIfAbsent(Session.class, key -> new Session(start()), Session.class)
                .spark();
    }

    private static SparkSession start() {
        return SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", false)
                .config("spark.executor.heartbeatInterval", "1s")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", 2)
                .getOrCreate();
    }

    private record Session(SparkSession spark) implements AutoCloseable {

        @Override
        public void close() {
            spark.stop();
        }
    }
}
