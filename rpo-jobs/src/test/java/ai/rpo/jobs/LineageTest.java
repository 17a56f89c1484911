package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run's stages as run events of OpenLineage, in a file and at a server. */
class LineageTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    @Test
    void stagesTellWhereDataWent() throws IOException {
        AtomicInteger answer = new AtomicInteger(201);
        List<String> posted = new CopyOnWriteArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/api/v1/lineage", exchange -> {
            posted.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(answer.get(), -1);
            exchange.close();
        });
        server.start();
        try {
            TinyRun.inputs(
                    folder,
                    8,
                    "openlineage { namespace = nightly, url = \"http://127.0.0.1:"
                            + server.getAddress().getPort() + "/api/v1/lineage\" }");
            Outcome scored = execute("score");
            assertEquals(0, scored.exitCode(), scored.err());
            assertEquals(List.of("START prepare", "COMPLETE prepare", "START score", "COMPLETE score"), told());
            assertEquals(lines(), posted);
            assertFalse(scored.out().contains("was not told"), scored.out());

            answer.set(503);
            Outcome failed = execute("train", "-D", "rpo.train.learning-rate=1e30");
            assertEquals(3, failed.exitCode(), failed.err());
            assertEquals(List.of("START train", "FAIL train"), told().subList(4, 6));
            assertTrue(failed.out().contains("was not told of 2 events; "), failed.out());
        } finally {
            server.stop(0);
        }

        JsonNode score = JSON.readTree(lines().get(3));
        assertEquals("nightly", score.at("/job/namespace").asText());
        assertEquals(
                List.of(folder + "/tiny", folder + "/out/data"),
                score.path("inputs").findValuesAsText("name"));
        assertEquals(List.of(folder + "/out/reference"), score.path("outputs").findValuesAsText("name"));
        JsonNode pairs = JSON.readTree(lines().get(0)).at("/inputs/0");
        assertEquals("file", pairs.path("namespace").asText());
        assertEquals(folder + "/pairs.jsonl", pairs.path("name").asText());
        assertFalse(pairs.at("/facets/version/datasetVersion").asText().isEmpty(), pairs.toString());
        JsonNode failure = JSON.readTree(lines().get(5)).at("/run/facets/errorMessage");
        assertTrue(failure.path("message").asText().startsWith("Cannot "), failure.toString());
        for (String line : lines()) {
            assertFitsTheSpecification(JSON.readTree(line));
        }
        assertEquals(3, lines().stream().map(LineageTest::runId).distinct().count());
    }

    /** Holds an event against what version 2-0-2 of OpenLineage.json requires of a RunEvent. */
    private static void assertFitsTheSpecification(JsonNode event) {
        Instant.parse(event.path("eventTime").asText());
        assertTrue(event.path("producer").asText().startsWith("https://"), event.toString());
        assertEquals(
                "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
                event.path("schemaURL").asText());
        UUID.fromString(event.at("/run/runId").asText());
        for (JsonNode dataset : event.path("inputs")) {
            assertTrue(
                    dataset.path("namespace").isTextual()
                            && dataset.path("name").isTextual(),
                    event.toString());
        }
        for (JsonNode facet : event.findValues("version")) {
            assertTrue(
                    facet.path("_producer").isTextual()
                            && facet.path("_schemaURL").isTextual(),
                    event.toString());
        }
    }

    private static String runId(String line) {
        try {
            return JSON.readTree(line).at("/run/runId").asText();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private List<String> told() throws IOException {
        List<String> told = new ArrayList<>();
        for (String line : lines()) {
            JsonNode event = JSON.readTree(line);
            told.add(event.path("eventType").asText() + " "
                    + event.at("/job/name").asText());
        }
        return told;
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(folder.resolve("out/lineage.jsonl"));
    }

    private Outcome execute(String... words) {
        List<String> arguments = new ArrayList<>(List.of(words));
        arguments.addAll(List.of("--config", folder.resolve("my.conf").toString()));
        return ProgramHere.run(arguments);
    }
}
