package ai.rpo.jobs.track;

import ai.rpo.jobs.track.MlflowClient.Metric;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.train.TrainingListener;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run directory's run in MLflow. What is sent follows from the files of the directory and from {@code mlflow.json} in it, which
 * says how much has been: so a server that does not answer holds nothing up, and gets later what it missed, from this command or
 * from the next one in the same directory.
 */
final class MlflowRun implements TrainingListener {

    private static final Logger LOG = LoggerFactory.getLogger(MlflowRun.class);
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();

    private static final String NOTE = "mlflow.json";
    private static final List<String> METRICS = List.of("train/metrics.jsonl", "sft/train/metrics.jsonl");
    private static final List<String> ARTIFACTS =
            List.of("resolved.conf", "eval/metrics.json", "data/report.json", "report/index.html");
    private static final int SECONDS_AT_THE_END = 20;
    private static final long NANOS_BETWEEN_SENDINGS = 5_000_000_000L;

    private final MlflowClient client;
    private final MlflowSettings settings;
    private final RunDirectory run;
    private final Map<String, String> params;
    private final Clock clock;
    private final ExecutorService sender = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "mlflow");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicBoolean isSending = new AtomicBoolean();
    private volatile Note note;
    private long notBefore = System.nanoTime();

    MlflowRun(MlflowClient client, MlflowSettings settings, RunDirectory run, Map<String, String> params, Clock clock) {
        this.client = client;
        this.settings = settings;
        this.run = run;
        this.params = params;
        this.clock = clock;
        this.note = noteOf(run).orElse(new Note("", 0));
    }

    /**
     * What the server has.
     *
     * @param runId empty before the run was made
     * @param step the last one that was sent
     */
    record Note(String runId, long step) {}

    /** The server's name for the run of a directory, once it has been told of it. */
    static Optional<String> idOf(RunDirectory run) {
        return noteOf(run).map(Note::runId).filter(id -> !id.isEmpty());
    }

    private static Optional<Note> noteOf(RunDirectory run) {
        return run.file(NOTE).read().flatMap(MlflowRun::note);
    }

    private static Optional<Note> note(String json) {
        try {
            return Optional.of(JSON.readValue(json, Note.class));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** Has been begun in MLflow, by this command or an earlier one. */
    boolean isBegun() {
        return !note.runId().isEmpty();
    }

    /** Sends what is new beside the training, unless the last sending still goes on. */
    @Override
    public void steps(List<Map<String, Object>> lines) {
        long now = System.nanoTime();
        if (now - notBefore >= 0 && isSending.compareAndSet(false, true)) {
            notBefore = now + NANOS_BETWEEN_SENDINGS;
            sender.execute(() -> {
                try {
                    sendSteps();
                } catch (IOException | RuntimeException e) {
                    LOG.warn(
                            "MLflow at {} cannot be told: {}",
                            settings.trackingUri().orElse(""),
                            e.toString());
                } finally {
                    isSending.set(false);
                }
            });
        }
    }

    private void sendSteps() throws IOException {
        if (!isBegun()) {
            String experiment = client.experiment(settings.experiment());
            String id = client.createRun(experiment, name(), clock.millis());
            client.logParams(id, params);
            keep(new Note(id, 0));
        }
        List<Metric> metrics = new ArrayList<>();
        long last = note.step();
        for (Map<String, Object> line : lines()) {
            long step = MetricsOfStep.step(line);
            if (step > note.step()) {
                long now = clock.millis();
                MetricsOfStep.numbers(line).forEach((name, value) -> metrics.add(new Metric(name, value, now, step)));
                last = step;
            }
        }
        client.logMetrics(note.runId(), metrics);
        keep(new Note(note.runId(), last));
    }

    private String name() {
        return run.path().getName();
    }

    private void keep(Note next) throws IOException {
        note = next;
        run.file(NOTE).write(JSON.writeValueAsString(next) + "\n");
    }

    /** Those of the file that training writes, which may be a moment behind. */
    private List<Map<String, Object>> lines() throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        String text = METRICS.stream()
                .flatMap(file -> run.file(file).read().stream())
                .findFirst()
                .orElse("");
        for (String line : text.split("\n")) {
            if (!line.isBlank()) {
                lines.add(JSON.readValue(line, new TypeReference<Map<String, Object>>() {}));
            }
        }
        return lines;
    }

    /**
     * Sends the rest, waiting some seconds at most.
     *
     * @param succeeded whether the command did
     * @return what the server has missed, in words; empty if it has all
     */
    Optional<String> end(boolean succeeded) {
        try {
            sender.submit(() -> {
                        sendSteps();
                        sendHeldOut();
                        for (String file : ARTIFACTS) {
                            Optional<byte[]> content = run.file(file).bytes();
                            if (content.isPresent() && !client.logArtifact(note.runId(), file, content.get())) {
                                break;
                            }
                        }
                        client.update(note.runId(), succeeded ? "FINISHED" : "FAILED", clock.millis());
                        return note;
                    })
                    .get(SECONDS_AT_THE_END, TimeUnit.SECONDS);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("its sending was interrupted");
        } catch (Exception e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            LOG.warn("MLflow at {} cannot be told: {}", settings.trackingUri().orElse(""), cause.toString());
            return Optional.of("it has steps up to " + note.step() + " (" + cause + "); the next command in "
                    + run.path() + " sends the rest");
        } finally {
            sender.shutdownNow();
        }
    }

    private void sendHeldOut() throws IOException {
        Optional<String> text = run.file("eval/metrics.json").read();
        if (text.isEmpty()) {
            return;
        }
        List<Metric> metrics = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field :
                (Iterable<Map.Entry<String, JsonNode>>) () -> tree(text.get()).fields()) {
            double mean = field.getValue().path("mean").asDouble(Double.NaN);
            if (Double.isFinite(mean)) {
                metrics.add(new Metric("held_out/" + field.getKey(), mean, clock.millis(), note.step()));
            }
        }
        client.logMetrics(note.runId(), metrics);
    }

    private static JsonNode tree(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode();
        }
    }
}
