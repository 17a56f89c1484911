package ai.rpo.jobs.track;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import ai.rpo.spark.train.TrainingListener;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whoever is told how one run goes on. Nobody of them can stop it. */
public final class Tracking implements TrainingListener, Progress, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Tracking.class);

    private final Optional<MlflowRun> mlflow;
    private final SparkMetrics metrics = new SparkMetrics(System::nanoTime);
    private final Optional<TensorBoard> tensorBoard;
    private final Consumer<String> reader;
    private boolean trained;
    private boolean succeeded;

    private Tracking(Optional<MlflowRun> mlflow, Optional<TensorBoard> tensorBoard, Consumer<String> reader) {
        this.mlflow = mlflow;
        this.tensorBoard = tensorBoard;
        this.reader = reader;
    }

    /**
     * Opens what is configured; nothing is sent or written before training has taken a step.
     *
     * @param tensorBoard folder of event files, below which each run has its own
     * @param params of the run, without secrets
     * @param environment value of a variable; null where there is none
     * @param reader is told what a tracker has missed
     * @throws RpoException where the environment lacks a token that the configuration names
     */
    public static Tracking of(
            MlflowSettings mlflow,
            Optional<String> tensorBoard,
            RunDirectory run,
            Map<String, String> params,
            UnaryOperator<String> environment,
            Consumer<String> reader,
            Configuration hadoop) {
        Optional<String> token = mlflow.token(environment);
        return new Tracking(
                mlflow.trackingUri()
                        .map(uri ->
                                new MlflowRun(new MlflowClient(uri, token), mlflow, run, params, Clock.systemUTC())),
                tensorBoard.map(folder ->
                        new TensorBoard(new Path(Stores.path(folder), run.path().getName()), hadoop)),
                reader);
    }

    @Override
    public void steps(List<Map<String, Object>> lines) {
        trained = true;
        tell(listener -> listener.steps(lines));
    }

    @Override
    public void checkpoint(long step) {
        tell(listener -> listener.checkpoint(step));
    }

    @Override
    public void update(String what, long done, long total) {
        metrics.update(what, done, total);
    }

    private void tell(Consumer<TrainingListener> what) {
        List<TrainingListener> listeners = new ArrayList<>(List.of(metrics));
        tensorBoard.ifPresent(listeners::add);
        mlflow.ifPresent(listeners::add);
        for (TrainingListener listener : listeners) {
            try {
                what.accept(listener);
            } catch (RuntimeException e) {
                LOG.warn("{} failed: {}", listener.getClass().getSimpleName(), e.toString());
            }
        }
    }

    /** Must be called where the command has done its work, before it closes this. */
    public void succeeded() {
        succeeded = true;
    }

    @Override
    public void close() {
        metrics.close();
        if (trained) {
            tensorBoard.ifPresent(TensorBoard::close);
        }
        mlflow.filter(run -> trained || run.isBegun())
                .flatMap(run -> run.end(succeeded))
                .ifPresent(missed -> reader.accept("MLflow was not told everything: " + missed));
    }
}
