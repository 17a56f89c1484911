package ai.rpo.jobs.progress;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.SmallFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code status.json}: what a scheduler asks about a command that runs elsewhere. Replaced whole, at most every two
 * seconds while a stage goes on, and at once when something begins or ends.
 */
public final class StatusFile {

    private static final Logger LOG = LoggerFactory.getLogger(StatusFile.class);
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final Duration PAUSE = Duration.ofSeconds(2);

    private final SmallFile file;
    private final Fence fence;
    private final Clock clock;
    private final ObjectNode status = JSON.createObjectNode();
    private Instant written = Instant.EPOCH;
    private boolean ended;

    /**
     * @param fence asked before each change, so that a late process does not report over the one that took its place
     * @param command such as {@code train}
     */
    public StatusFile(SmallFile file, Fence fence, String command, Clock clock) {
        this.file = file;
        this.fence = fence;
        this.clock = clock;
        status.put("command", command);
        status.putNull("stage");
        status.put("state", "running");
        status.put("started_at", clock.instant().toString());
        status.putNull("updated_at");
        status.put("done", 0);
        status.put("total", 0);
        status.putNull("exit_code");
        status.putNull("error");
    }

    /**
     * The command has begun.
     *
     * @throws RpoException if the file cannot be written: better now than after hours of work
     */
    public synchronized void begin() {
        write();
    }

    public synchronized void stage(String name) {
        status.put("stage", name);
        status.put("done", 0);
        status.put("total", 0);
        tryToWrite();
    }

    public synchronized void update(long done, long total) {
        status.put("done", done);
        status.put("total", total);
        if (!ended && clock.instant().isAfter(written.plus(PAUSE))) {
            tryToWrite();
        }
    }

    /** Keeps a sentence for whoever asks later. */
    public synchronized void note(String text) {
        status.put("note", text);
        tryToWrite();
    }

    public synchronized void succeeded() {
        end("succeeded", 0);
    }

    /**
     * @return false if the command had ended before, which then stands
     */
    public synchronized boolean failed(int exitCode, String error) {
        if (ended) {
            return false;
        }
        status.put("error", error);
        end("failed", exitCode);
        return true;
    }

    private void end(String state, int exitCode) {
        ended = true;
        status.put("state", state);
        status.put("exit_code", exitCode);
        tryToWrite();
    }

    /** The work goes on whether or not somebody can be told. */
    private void tryToWrite() {
        try {
            fence.check();
            write();
        } catch (RpoException e) {
            LOG.warn("{}", e.getMessage());
        }
    }

    private void write() {
        written = clock.instant();
        status.put("updated_at", written.toString());
        try {
            file.write(JSON.writeValueAsString(status) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
