package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rounds that a program or a judge rates: the demo's model of letters copies, and may not yet do so without a slip. */
class OnlineByJudgeTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path MODEL =
            Path.of("src/main/resources/ai/rpo/jobs/demo/base").toAbsolutePath();

    /** Rates by program. */
    private static final Path RECIPE =
            Path.of("../conf/recipes/sums-online.conf").toAbsolutePath();

    @TempDir
    Path folder;

    private String printed;

    @BeforeEach
    void inputs() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        StringBuilder prompts = new StringBuilder();
        for (int i = 0; i < 48; i++) {
            StringBuilder letters = new StringBuilder();
            random.ints(6, 0, 16).forEach(letter -> letters.append("abcdefghijklmnop".charAt(letter)));
            prompts.append("{\"prompt\": \"" + letters + "=\", \"reference\": \"" + letters + "\"}\n");
        }
        Files.writeString(folder.resolve("prompts.jsonl"), prompts);
        Files.writeString(folder.resolve("online.conf"), """
                include file("%3$s")
                rpo {
                  model.path = "%1$s"
                  online { prompts = "%2$s/prompts.jsonl", rounds = 1 }
                  generate.max-new-tokens = 12
                  train.epochs = 1
                }
                spark { ui.enabled = false, sql.shuffle.partitions = 2, master = "local[1]" }
                """.formatted(MODEL, folder, RECIPE));
    }

    @Test
    void aProgramRatesWithTheRightAnswersOfThePrompts() throws IOException {
        assertEquals(0, execute("sums"), printed);
        JsonNode round = round("sums");
        assertEquals(1, round.get("chosen_reward").asDouble());
        assertEquals(0, round.get("rejected_reward").asDouble());
        assertTrue(round.get("pairs").asInt() > 10, round.toString());
        JsonNode rated = JSON.readTree(
                folder.resolve("sums/online/round-01/rate/results.json").toFile());
        assertEquals(4 * 48, rated.get("completions").asInt());
        assertEquals("exact-match", rated.get("judge").asText());
        assertEquals(
                round.get("reward").asDouble(), rated.get("reward").get("mean").asDouble(), 1e-9);
        for (String line : Files.readAllLines(folder.resolve("sums/online/round-01/rate/judgments"))) {
            JsonNode judgment = JSON.readTree(line);
            boolean right = (judgment.get("model_answer").asText() + "=")
                    .equals(judgment.at("/prompt/0").asText());
            assertEquals(right ? 1 : 0, judgment.get("score").asDouble(), line);
        }
    }

    @Test
    void aJudgeThatFailsOftenStopsTheRoundWithItsWords() throws IOException {
        try (Server server = new Server(prompt -> Math.floorMod(prompt.hashCode(), 2) == 0
                ? "I would rather not say."
                : "Rating: [[" + (1 + Math.floorMod(prompt.hashCode(), 3)) + "]]")) {
            String[] judge = server.judge("mt-bench-single");
            assertEquals(3, execute("failing", judge), printed);
            assertTrue(printed.contains("judgments of stub have no verdict, more than the share of 0.1"), printed);
            assertTrue(printed.contains("It said \"I would rather not say.\""), printed);
            assertFalse(Files.exists(folder.resolve("failing/online/round-01/rate/manifest.json")));
            assertTrue(Files.exists(folder.resolve("failing/online/round-01/rate/judgments")));

            int asked = server.asked;
            assertEquals(0, execute("failing", more(judge, "rpo.online.max-missing-fraction=0.9")), printed);
            Path last = folder.resolve("failing/online/round-02/rate/judgments");
            assertTrue(
                    server.asked - asked <= Files.readAllLines(last).size(),
                    "what it said once it is not asked again, and the last model's answers are rated once");
            assertTrue(round("failing").get("pairs").asInt() > 0);
        }
    }

    @Test
    void aJudgeOfPairsGivesTheShareOfAnswersThatOneBeats() throws IOException {
        try (Server server = new Server(prompt -> {
            String first = between(prompt, "<a>", "</a>");
            String second = between(prompt, "<b>", "</b>");
            int order = first.compareTo(second);
            return order == 0 ? "[[C]]" : order < 0 ? "[[A]]" : "[[B]]";
        })) {
            assertEquals(
                    0,
                    execute(
                            "pairs",
                            more(
                                    server.judge("template"),
                                    "rpo.judge.template.user=\"{question} <a>{answer_a}</a> <b>{answer_b}</b>\"")),
                    printed);
        }
        JsonNode round = round("pairs");
        assertTrue(round.get("chosen_reward").asDouble() > 0.7, round.toString());
        assertTrue(round.get("rejected_reward").asDouble() < 0.3, round.toString());
        for (String line : Files.readAllLines(folder.resolve("pairs/online/round-01/rate/judgments"))) {
            JsonNode judgment = JSON.readTree(line);
            int order = judgment.get("model_answer")
                    .asText()
                    .compareTo(judgment.get("baseline_answer").asText());
            assertEquals(order < 0 ? 1 : 0, judgment.get("preference").asDouble(), line);
        }
    }

    @Test
    void whoRatesIsAskedForBeforeTheFirstRound() {
        assertEquals(2, execute("bad", "-D", "rpo.online.by=reward-model"));
        assertTrue(printed.contains("rpo.rate.model has no value"), printed);
        assertEquals(2, execute("bad", "-D", "rpo.online.by=judge"));
        assertTrue(printed.contains("rpo.judge.protocol has no value"), printed);
        assertFalse(Files.exists(folder.resolve("bad/online")));
    }

    /** Finds what a question shows; a server is also asked whether it answers at all. */
    private static String between(String text, String from, String to) {
        return !text.contains(from) ? "" : text.substring(text.lastIndexOf(from) + from.length(), text.lastIndexOf(to));
    }

    private static String[] more(String[] words, String definition) {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("-D", definition));
        return all.toArray(String[]::new);
    }

    private int execute(String output, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "online",
                "--config",
                folder.resolve("online.conf").toString(),
                "-D",
                "rpo.output=" + folder.resolve(output)));
        arguments.addAll(List.of(more));
        Outcome outcome = ProgramHere.run(arguments);
        printed = outcome.out() + outcome.err();
        return outcome.exitCode();
    }

    private JsonNode round(String output) throws IOException {
        return JSON.readTree(Files.readAllLines(folder.resolve(output).resolve("online/rounds.jsonl"))
                .get(0));
    }

    /** Speaks the chat-completions protocol. */
    private static final class Server implements AutoCloseable {

        private final HttpServer server;
        private final UnaryOperator<String> answers;
        private int asked;

        Server(UnaryOperator<String> answers) throws IOException {
            this.answers = answers;
            server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
            server.createContext("/", this::answer);
            server.start();
        }

        String[] judge(String protocol) {
            List<String> words = new ArrayList<>();
            for (String definition : List.of(
                    "rpo.online.by=judge",
                    "rpo.judge.by=endpoint",
                    "rpo.judge.protocol=" + protocol,
                    "rpo.judge.endpoint.url=\"http://127.0.0.1:"
                            + server.getAddress().getPort() + "/v1\"",
                    "rpo.judge.endpoint.model=stub",
                    "rpo.judge.endpoint.requests-per-second=10000")) {
                words.addAll(List.of("-D", definition));
            }
            return words.toArray(String[]::new);
        }

        private void answer(HttpExchange exchange) throws IOException {
            JsonNode request = JSON.readTree(exchange.getRequestBody());
            JsonNode messages = request.get("messages");
            String said = answers.apply(
                    messages.get(messages.size() - 1).get("content").asText());
            asked++;
            byte[] body = JSON.createObjectNode()
                    .put("model", "stub")
                    .<com.fasterxml.jackson.databind.node.ObjectNode>set(
                            "choices",
                            JSON.createArrayNode()
                                    .add(JSON.createObjectNode()
                                            .put("index", 0)
                                            .put("finish_reason", "stop")
                                            .set(
                                                    "message",
                                                    JSON.createObjectNode()
                                                            .put("role", "assistant")
                                                            .put("content", said))))
                    .toString()
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
