package ai.rpo.jobs.track;

import ai.rpo.jobs.registry.Version;
import ai.rpo.spark.store.RunDirectory;
import ai.rpo.spark.store.Stores;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the model registry of an MLflow server in step with ours: a version that goes into production is registered there, and the
 * alias {@code production} points to it. What is told follows from what is in production, so a server that was away is told later.
 */
public final class MlflowModels {

    private static final Logger LOG = LoggerFactory.getLogger(MlflowModels.class);
    private static final String ALIAS = "production";

    private final MlflowClient client;
    private final String model;
    private final Configuration hadoop;

    private MlflowModels(MlflowClient client, String model, Configuration hadoop) {
        this.client = client;
        this.model = model;
        this.hadoop = hadoop;
    }

    /**
     * Finds the server, where one is configured.
     *
     * @param environment value of a variable; null where there is none
     * @throws ai.rpo.core.RpoException where the environment lacks a token that the configuration names
     */
    public static Optional<MlflowModels> of(
            MlflowSettings settings, UnaryOperator<String> environment, Configuration hadoop) {
        return settings.trackingUri().flatMap(uri -> settings.registeredModel()
                .map(model -> new MlflowModels(new MlflowClient(uri, settings.token(environment)), model, hadoop)));
    }

    /**
     * Tells which version is in production.
     *
     * @return what the server has missed, in words; empty if it has all
     */
    public Optional<String> inProduction(Version version) {
        try {
            Optional<String> run = MlflowRun.idOf(
                    new RunDirectory(Stores.path(version.provenance().source()), hadoop));
            boolean isLocal = address(version.model()).startsWith("file:");
            String source = isLocal ? uploaded(version, run) : address(version.model());
            Optional<String> current = client.alias(model, ALIAS);
            Optional<String> known = client.modelVersion(model, source);
            if (known.isEmpty() || !known.equals(current)) {
                if (known.isEmpty() && isLocal) {
                    upload(version, source);
                }
                client.setAlias(
                        model,
                        ALIAS,
                        known.isPresent()
                                ? known.get()
                                : client.createModelVersion(model, source, version.number(), run));
            }
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            LOG.warn("MLflow cannot be told of version {}: {}", version.number(), e.toString());
            return Optional.of("that version " + version.number() + " is in production (" + e.getMessage()
                    + "); ./rpo registry promote " + version.number() + " tells it again");
        }
    }

    /** A server takes no address of this machine's disk, but the files themselves. */
    private String uploaded(Version version, Optional<String> run) throws IOException {
        Optional<String> artifacts = run.isPresent() ? client.artifacts(run.get()) : Optional.empty();
        return artifacts.orElseThrow(() ->
                        new IOException("its model is on a local disk, and the server keeps no artifacts of its run"))
                + "/versions/" + version.folder().getName();
    }

    private void upload(Version version, String source) throws IOException {
        String prefix = version.model().getName() + "/";
        for (String name : version.provenance().files().keySet()) {
            if (name.startsWith(prefix)) {
                client.upload(
                        source + "/" + name.substring(prefix.length()),
                        BodyPublishers.ofFile(java.nio.file.Path.of(
                                new Path(version.folder(), name).toUri().getPath())));
            }
        }
    }

    /** MLflow calls by {@code s3} what Hadoop calls by {@code s3a}. */
    private String address(Path folder) {
        Path whole = folder.toUri().getAuthority() != null
                ? folder
                : Stores.open(folder, hadoop).makeQualified(folder);
        return whole.toUri().toString().replaceFirst("^s3a:", "s3:");
    }
}
