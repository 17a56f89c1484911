package ai.rpo.jobs.track;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.RunDirectory;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells where data went, as run events of <a href="https://openlineage.io/spec/2-0-2/OpenLineage.json">OpenLineage</a>: lines of
 * {@code lineage.jsonl} in the run directory, each posted to a server where one is named. A server that does not answer holds
 * nothing up; what it missed is counted, and stands in the file.
 */
public final class Lineage implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Lineage.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "lineage.jsonl";
    private static final String PROJECT = "https://github.com/ai-rpo/rpo";
    private static final String EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
    private static final String VERSION =
            "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet";
    private static final String FAILURE =
            "https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet";
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int SECONDS_AT_THE_END = 10;

    private final LineageSettings settings;
    private final Optional<String> token;
    private final RunDirectory run;
    private final String producer;
    private final Clock clock;
    private final Consumer<String> reader;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final ExecutorService sender = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "openlineage");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicInteger missed = new AtomicInteger();

    /**
     * @param settings that are on
     * @param version of this program
     * @param environment value of a variable; null where there is none
     * @param reader is told what the server has missed
     * @throws RpoException where the environment lacks a token that the settings name
     */
    public Lineage(
            LineageSettings settings,
            RunDirectory run,
            String version,
            UnaryOperator<String> environment,
            Clock clock,
            Consumer<String> reader) {
        this.settings = settings;
        this.token = settings.token(environment);
        this.run = run;
        this.producer = PROJECT + "/tree/" + version;
        this.clock = clock;
        this.reader = reader;
    }

    /**
     * One run of a job from its start to its end.
     *
     * @param job name within the namespace, such as {@code score}
     */
    public record JobRun(UUID id, String job, List<LineageDataset> inputs, List<LineageDataset> outputs) {}

    /** Tells that a job has begun. */
    public JobRun started(String job, List<LineageDataset> inputs, List<LineageDataset> outputs) {
        JobRun begun = new JobRun(UUID.randomUUID(), job, inputs, outputs);
        tell(event("START", begun));
        return begun;
    }

    /** Tells that a job has done its work. */
    public void completed(JobRun of) {
        tell(event("COMPLETE", of));
    }

    /** Tells that a job has failed, and why. */
    public void failed(JobRun of, String message) {
        ObjectNode event = event("FAIL", of);
        ((ObjectNode) event.path("run"))
                .putObject("facets")
                .set("errorMessage", facet(FAILURE).put("message", message).put("programmingLanguage", "JAVA"));
        tell(event);
    }

    private ObjectNode event(String type, JobRun of) {
        ObjectNode event = JSON.createObjectNode();
        event.put("eventType", type);
        event.put("eventTime", clock.instant().toString());
        event.put("producer", producer);
        event.put("schemaURL", EVENT);
        event.putObject("run").put("runId", of.id.toString());
        event.putObject("job").put("namespace", settings.jobs()).put("name", of.job);
        of.inputs.forEach(dataset -> add(dataset, event.withArray("inputs")));
        of.outputs.forEach(dataset -> add(dataset, event.withArray("outputs")));
        return event;
    }

    private void add(LineageDataset dataset, ArrayNode to) {
        ObjectNode added = to.addObject().put("namespace", dataset.namespace()).put("name", dataset.name());
        dataset.version().ifPresent(version -> added.putObject("facets")
                .set("version", facet(VERSION).put("datasetVersion", version)));
    }

    private ObjectNode facet(String schema) {
        return JSON.createObjectNode().put("_producer", producer).put("_schemaURL", schema);
    }

    private void tell(ObjectNode event) {
        try {
            run.fence().check();
            run.file(FILE).write(run.file(FILE).read().orElse("") + event + "\n");
        } catch (RpoException e) {
            LOG.warn("{}", e.getMessage());
        }
        settings.url().ifPresent(url -> sender.execute(() -> send(url, event.toString())));
    }

    private void send(String url, String event) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(event));
        token.ifPresent(value -> request.header("Authorization", "Bearer " + value));
        try {
            int status = http.send(request.build(), BodyHandlers.discarding()).statusCode();
            if (status / 100 != 2) {
                throw new IOException("HTTP " + status);
            }
        } catch (IOException e) {
            missed.incrementAndGet();
            LOG.warn("{} cannot be told: {}", url, e.toString());
        } catch (InterruptedException e) {
            missed.incrementAndGet();
            Thread.currentThread().interrupt();
        }
    }

    /** Waits some seconds at most for what is still to be sent. */
    @Override
    public void close() {
        sender.shutdown();
        try {
            if (!sender.awaitTermination(SECONDS_AT_THE_END, TimeUnit.SECONDS)) {
                missed.addAndGet(1 + sender.shutdownNow().size());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (missed.get() > 0) {
            reader.accept(settings.url().orElseThrow() + " was not told of " + missed + " events; " + run.path(FILE)
                    + " has them");
        }
    }
}
