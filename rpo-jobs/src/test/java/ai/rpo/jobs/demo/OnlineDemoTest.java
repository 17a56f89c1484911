package ai.rpo.jobs.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.Progress;
import ai.rpo.jobs.demo.Yardstick.Reading;
import ai.rpo.jobs.report.ReportStage;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The online demo's own part: what it has the commands do, and what it makes of what they leave. */
class OnlineDemoTest {

    private static final OnlinePlan PLAN = new OnlinePlan(List.of(1L, 2L), 24, 8, 32, 3, 16, 4, 0.5);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path temporary;

    private final List<String> commands = new ArrayList<>();
    private final List<Config> configurations = new ArrayList<>();

    @Test
    void runsEveryMethodWithEverySeedAndTellsProxyFromGold() throws IOException {
        Path output = temporary.resolve("demo");

        ReportStage.Report report = new OnlineDemo(
                        PLAN,
                        this::standIn,
                        folder -> OnlineDemoTest::letters,
                        (base, members, prompts) -> OnlineDemoTest::reading,
                        new ReportStage(new Configuration(false)))
                .run(DemoFolder.create(output), Progress.NONE);

        assertEquals(
                List.of("reward", "train", "train", "online", "online", "online", "reward"), commands.subList(0, 7));
        assertEquals(12, commands.size());
        JsonNode tracks = JSON.readTree(output.resolve("tracks.json").toFile());
        assertEquals(10, tracks.size());
        JsonNode online = tracks.get(2);
        assertEquals("ONLINE_DPO", online.get("method").asText());
        assertEquals(4, online.get("marks").size(), "the start and three rounds");
        JsonNode third = online.get("marks").get(3);
        assertEquals(6, third.get("step").asLong(), "two steps in each round");
        assertEquals(0.7 + 6.0 / 3, third.get("proxy").asDouble(), 1e-12, "a reward of 3 is a gold reward of 1");
        assertEquals(0.7, third.get("gold").asDouble());
        assertEquals(
                0.7 + 3.0 / 3,
                tracks.get(4).get("marks").get(3).get("proxy").asDouble(),
                1e-12,
                "the ensemble's own proxy");
        assertEquals(
                List.of(0L, 1L, 2L),
                JSON.convertValue(
                        tracks.get(0).findValues("step"),
                        JSON.getTypeFactory().constructCollectionType(List.class, Long.class)));
        String page = Files.readString(output.resolve("report/index.html"));
        assertTrue(page.contains("figure-proxy-and-gold"), page);
        assertFalse(report.findings().isEmpty());
    }

    @Test
    void methodsDifferInWhatTheirNamesSayAlone() throws IOException {
        new OnlineDemo(
                        PLAN,
                        this::standIn,
                        folder -> OnlineDemoTest::letters,
                        (base, members, prompts) -> OnlineDemoTest::reading,
                        new ReportStage(new Configuration(false)))
                .run(DemoFolder.create(temporary.resolve("demo")), Progress.NONE);
        Config dpo = configurations.get(3);
        Config rpo = configurations.get(4);
        Config ensemble = configurations.get(5);
        assertEquals(0, dpo.getDouble("rpo.objective.eta"));
        assertEquals(0.5, rpo.getDouble("rpo.objective.eta"));
        assertEquals(1, rpo.getStringList("rpo.rate.model").size());
        assertEquals(4, ensemble.getStringList("rpo.rate.model").size());
        assertEquals(
                dpo.withoutPath("rpo.objective.eta").withoutPath("rpo.output"),
                rpo.withoutPath("rpo.objective.eta").withoutPath("rpo.output"));
        assertEquals(
                rpo.withoutPath("rpo.rate.model").withoutPath("rpo.output"),
                ensemble.withoutPath("rpo.rate.model").withoutPath("rpo.output"));
    }

    /** Leaves what the commands leave, as far as the demo looks at it. */
    private void standIn(String command, Path file, Progress progress) {
        try {
            Config config = ConfigFactory.parseFile(file.toFile());
            commands.add(command);
            configurations.add(config);
            Path output = Path.of(config.getString("rpo.output"));
            switch (command) {
                case "reward" ->
                    write(
                            output.resolve("reward/held_out.json"),
                            "{\"members\": [{\"rewards/accuracies\": {\"mean\": 0.7}}]}");
                case "train" -> {
                    write(output.resolve("train/checkpoints/epoch-0001/model.safetensors"), "");
                    write(output.resolve("train/checkpoints/epoch-0002/model.safetensors"), "");
                    write(output.resolve("train/metrics.jsonl"), "{}\n{}\n");
                }
                default -> {
                    Set<String> prompts = new HashSet<>(Files.readAllLines(
                            Path.of(config.getStringList("rpo.online.prompts").get(0))));
                    assertEquals(16, prompts.size());
                    for (int round = 1; round <= config.getInt("rpo.online.rounds"); round++) {
                        Path folder = output.resolve("online/round-0" + round);
                        write(folder.resolve("model/model.safetensors"), "");
                        write(folder.resolve("train/metrics.jsonl"), "{}\n{}\n");
                    }
                    write(output.resolve("online/rounds.jsonl"), "");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** The farther a policy is on its way, the more its proxies promise; the gold reward stays. */
    private static Reading reading(Path policy) {
        String path = policy.toString();
        int place =
                path.endsWith("base") ? 0 : Integer.parseInt(path.replaceAll(".*(?:round-0|epoch-000)(\\d).*", "$1"));
        return new Reading(place * place, 0.7, 2.0 * place, place);
    }

    private static List<Answer> letters(List<String> prompts, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return prompts.stream()
                .map(prompt -> new Answer(random.nextBoolean() ? prompt : prompt.substring(1), true))
                .toList();
    }
}
