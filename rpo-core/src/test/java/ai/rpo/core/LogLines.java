package ai.rpo.core;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;

/** What a class says in the log while this is open. */
public final class LogLines implements AutoCloseable {

    private final Logger logger;
    private final Level usual;
    private final Lines lines = new Lines();

    public LogLines(Class<?> type) {
        logger = (Logger) LogManager.getLogger(type);
        usual = logger.getLevel();
        Configurator.setLevel(logger, Level.INFO);
        lines.start();
        logger.addAppender(lines);
    }

    public List<String> all() {
        return List.copyOf(lines.said);
    }

    @Override
    public void close() {
        logger.removeAppender(lines);
        lines.stop();
        Configurator.setLevel(logger, usual);
    }

    private static final class Lines extends AbstractAppender {

        private final List<String> said = new CopyOnWriteArrayList<>();

        Lines() {
            super("lines", null, null, false, Property.EMPTY_ARRAY);
        }

        @Override
        public void append(LogEvent event) {
            said.add(event.getMessage().getFormattedMessage());
        }
    }
}
