package ai.rpo.jobs.track;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.jobs.registry.Provenance;
import ai.rpo.jobs.registry.Version;
import ai.rpo.spark.store.CheckedFiles.Content;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MlflowModelsTest {

    @TempDir
    java.nio.file.Path folder;

    private ScriptedMlflow server;

    @BeforeEach
    void open() throws IOException {
        server = new ScriptedMlflow();
        Files.createDirectories(folder.resolve("night"));
        Files.writeString(folder.resolve("night/mlflow.json"), "{\"runId\": \"abc\", \"step\": 8}");
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void aVersionInProductionIsRegisteredAndHasTheAlias() {
        assertEquals(Optional.empty(), models().inProduction(version(3)));
        String post = "POST /api/2.0/mlflow/";
        assertEquals(
                List.of(
                        "GET /api/2.0/mlflow/registered-models/get null ",
                        post + "registered-models/create null {\"name\":\"stories\"}",
                        "GET /api/2.0/mlflow/model-versions/search null ",
                        post
                                + "model-versions/create null {\"name\":\"stories\",\"source\":\"s3://bucket/models/versions/000003/model\","
                                + "\"run_id\":\"abc\",\"tags\":[{\"key\":\"rpo.version\",\"value\":\"3\"}]}",
                        post + "registered-models/alias null"
                                + " {\"name\":\"stories\",\"alias\":\"production\",\"version\":\"1\"}"),
                server.calls());
    }

    @Test
    void theAliasFollowsWhatIsInProduction() {
        for (int number : new int[] {1, 1, 2, 1}) {
            assertEquals(Optional.empty(), models().inProduction(version(number)));
        }
        assertEquals(
                List.of("000001", "000002", "000001"),
                server.production().stream()
                        .map(source -> source.replaceAll(".*/versions/|/model", ""))
                        .toList());
        assertEquals(2, count("model-versions/create"));
        assertEquals(1, count("registered-models/create"));
    }

    @Test
    void aModelOfALocalDiskIsSent() throws IOException {
        java.nio.file.Path model = Files.createDirectories(folder.resolve("models/versions/000002/model"));
        Files.writeString(model.resolve("config.json"), "{}");
        Map<String, Content> files =
                Map.of("model/config.json", Content.of("{}"), "resolved.conf", Content.of("rpo {}"));
        Version local = version(model.getParent().toString(), 2, files);
        assertEquals(Optional.empty(), models().inProduction(local));
        assertEquals(Optional.empty(), models().inProduction(local));
        String put = "PUT /api/2.0/mlflow-artifacts/artifacts/7/abc/artifacts/versions/000002/config.json null {}";
        assertEquals(1, count("PUT "));
        assertTrue(server.calls().contains(put), server.calls().toString());
        assertEquals(List.of("mlflow-artifacts:/7/abc/artifacts/versions/000002"), server.production());

        Files.delete(folder.resolve("night/mlflow.json"));
        String missed = models().inProduction(local).orElseThrow();
        assertTrue(
                missed.contains("its model is on a local disk, and the server keeps no artifacts of its run"), missed);
    }

    @Test
    void aServerThatIsDownIsToldByTheNextCommand() {
        server.down(true);
        String missed = models().inProduction(version(1)).orElseThrow();
        assertTrue(missed.startsWith("that version 1 is in production (HTTP 503 from "), missed);
        assertTrue(missed.endsWith("./rpo registry promote 1 tells it again"), missed);
        server.down(false);
        assertEquals(Optional.empty(), models().inProduction(version(1)));
        assertEquals(1, server.production().size());
    }

    @Test
    void namesThatMlflowDoesNotTakeAreRefused() {
        String message = assertThrows(IllegalArgumentException.class, () -> settings("a/b", Optional.empty()))
                .getMessage();
        assertTrue(message.startsWith("registered-model must be a name without / : "), message);
        assertThrows(
                RpoException.class,
                () -> MlflowModels.of(settings("a", Optional.of("NO_TOKEN")), name -> null, new Configuration()));
    }

    private long count(String call) {
        return server.calls().stream().filter(each -> each.contains(call)).count();
    }

    private MlflowSettings settings(String model, Optional<String> token) {
        return new MlflowSettings(Optional.of(server.address()), "feedback", Optional.of(model), token);
    }

    private MlflowModels models() {
        return MlflowModels.of(settings("stories", Optional.empty()), name -> null, new Configuration())
                .orElseThrow();
    }

    private Version version(int number) {
        return version("s3a://bucket/models/versions/%06d".formatted(number), number, Map.of());
    }

    private Version version(String address, int number, Map<String, Content> files) {
        Provenance provenance = new Provenance(
                number,
                "2026-01-02T02:00:00Z",
                "0.1.0",
                folder.resolve("night").toString(),
                "tiny",
                null,
                "",
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                files);
        return new Version(number, new Path(address), Optional.of(provenance), Optional.empty(), false);
    }
}
