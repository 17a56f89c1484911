package ai.rpo.jobs.track;

import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.train.TrainingListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Writes the metrics of steps as an event file. On a local disk it grows step by step; on other stores, which append to nothing,
 * it is written anew at each checkpoint. Each start of a training has a file of its own, as TensorBoard expects.
 */
final class TensorBoard implements TrainingListener, AutoCloseable {

    private final SmallFile file;
    private final java.nio.file.Path local;
    private final ByteArrayOutputStream events = new ByteArrayOutputStream();

    /** @param folder of the run, below the one that TensorBoard is shown */
    TensorBoard(Path folder, Configuration hadoop) {
        String name = "events.out.tfevents." + System.currentTimeMillis() / 1000 + ".rpo."
                + ProcessHandle.current().pid();
        file = new SmallFile(new Path(folder, name), hadoop);
        String scheme = file.path().toUri().getScheme();
        local = scheme == null || scheme.equals("file")
                ? java.nio.file.Path.of(file.path().toUri().getPath())
                : null;
        events.writeBytes(TensorBoardEvents.header(now()));
    }

    @Override
    public synchronized void steps(List<Map<String, Object>> lines) {
        for (Map<String, Object> line : lines) {
            events.writeBytes(TensorBoardEvents.scalars(now(), MetricsOfStep.step(line), MetricsOfStep.numbers(line)));
        }
        if (local != null) {
            append();
        }
    }

    private void append() {
        try {
            Files.createDirectories(local.getParent());
            Files.write(local, events.toByteArray(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            events.reset();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void checkpoint(long step) {
        if (local == null) {
            file.write(events.toByteArray());
        }
    }

    @Override
    public void close() {
        checkpoint(0);
    }

    private static double now() {
        return System.currentTimeMillis() / 1000.0;
    }
}
