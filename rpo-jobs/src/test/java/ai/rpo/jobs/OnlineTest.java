package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.model.Dtype;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.ModelExport;
import ai.rpo.jobs.CommandLineProgram.Outcome;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rounds of a tiny policy that a tiny reward model rates. */
class OnlineTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private String printed;

    @BeforeEach
    void inputs() throws IOException {
        OnlineInputs.write(folder);
    }

    @Test
    void thePolicyLearnsWhatIsRewarded() throws IOException {
        assertEquals(0, execute("whole"), printed);
        List<JsonNode> rounds = rounds("whole");
        assertEquals(3, rounds.size());
        for (int i = 0; i < 2; i++) {
            JsonNode round = rounds.get(i);
            assertEquals(i + 1, round.get("round").asInt());
            assertEquals(
                    16,
                    Stream.of("pairs", "equal_rewards", "equal_texts", "too_few")
                            .mapToInt(what -> round.get(what).asInt())
                            .sum());
            assertTrue(round.get("chosen_reward").asDouble()
                    > round.get("rejected_reward").asDouble());
        }
        assertEquals(0, rounds.get(0).get("kl").get("mean").asDouble(), 1e-7, "it is its own reference");
        assertTrue(rounds.get(1).get("kl").get("low").asDouble() > 0, rounds.toString());
        double first = rounds.get(0).get("reward").asDouble();
        double spread = rounds.get(0).get("chosen_reward").asDouble() - first;
        assertTrue(rounds.get(1).get("reward").asDouble() > first + spread / 4, rounds.toString());
        assertTrue(
                printed.contains("round     2 of 2, from " + folder.resolve("whole/online/round-01/model")), printed);

        JsonNode last = rounds.get(2);
        assertEquals(
                folder.resolve("whole/online/round-02/model").toString(),
                last.get("policy").asText());
        assertTrue(last.get("reward").asDouble() > first + spread / 4, rounds.toString());
        assertTrue(last.get("kl").get("low").asDouble() > 0, rounds.toString());
        assertEquals("rounds", last.get("ended").asText());
        assertFalse(last.has("pairs"));

        String page = Files.readString(folder.resolve("whole/online/index.html"));
        assertTrue(page.contains("href=\"round-02/report/index.html\""), page);
        assertTrue(page.contains("figure-rounds-distance"), page);

        for (int round = 1; round <= 2; round++) {
            JsonNode state = JSON.readTree(round("whole", round, "train/checkpoints/step-00000016/training_state.json")
                    .toFile());
            assertEquals(16, state.get("step").asInt());
            assertEquals(16 * round, state.get("optimizer_steps").asInt(), "moments are not kept");
        }
    }

    /** A worker's batch of 2 beside another's is a batch of 4, where steps are plain and no gradient is cut. */
    @Test
    void twoWorkersEndWhereOneDoes() throws IOException {
        String[] plain = {
            "-D", "rpo.online.optimizer=fresh",
            "-D", "rpo.train.optimizer=sgd",
            "-D", "rpo.train.max-grad-norm=0",
            "-D", "rpo.train.learning-rate=0.3",
            "-D", "rpo.train.averaging-frequency=1",
            "-D", "rpo.train.epochs=1"
        };
        assertEquals(0, execute("one", plain), printed);
        String[] two = {"-D", "rpo.train.workers=2", "-D", "rpo.train.pairs-per-batch=2", "-D", "spark.master=local[2]"
        };
        assertEquals(0, execute("two", Stream.of(plain, two).flatMap(Stream::of).toArray(String[]::new)), printed);
        for (int round = 1; round <= 2; round++) {
            assertEquals(
                    rounds("one").get(round - 1).get("pairs"),
                    rounds("two").get(round - 1).get("pairs"));
            float[] one = OnlineInputs.weights(model("one", round));
            float[] start = OnlineInputs.weights(round == 1 ? folder.resolve("policy") : model("one", 1));
            assertArrayEquals(one, OnlineInputs.weights(model("two", round)), 1e-6f, "round " + round);
            double moved = 0;
            for (int i = 0; i < one.length; i++) {
                moved = Math.max(moved, Math.abs(one[i] - start[i]));
            }
            assertTrue(moved > 1e-3, "it has learnt nothing: " + moved);
        }
    }

    /** Gold is the proxy with the other sign, so it falls from the first step on. */
    @Test
    void theRoundsEndBehindTheTurnOfTheGoldReward() throws IOException {
        ModelDirectory reward = ModelDirectory.openForRewards(folder.resolve("reward"), 5);
        new ModelExport(reward, Dtype.F32)
                .write(
                        folder.resolve("opposite"),
                        (entry, offset, target) -> {
                            reward.weights().read(entry, offset, target);
                            if (entry.name().startsWith("score")) {
                                for (int i = 0; i < target.position(); i++) {
                                    target.put(i, -target.get(i));
                                }
                            }
                        },
                        Map.of());
        Files.writeString(folder.resolve("one.jsonl"), "{\"prompt_ids\": [1, 3]}\n".repeat(16));
        Files.writeString(folder.resolve("again.jsonl"), "{\"prompt_ids\": [1, 3]}\n".repeat(100));
        String[] gauge = {
            "-D",
            "rpo.online.prompts=" + folder.resolve("one.jsonl"),
            "-D",
            "rpo.gauge.prompts=" + folder.resolve("again.jsonl"),
            "-D",
            "rpo.gauge.gold=" + folder.resolve("opposite"),
            "-D",
            "rpo.train.learning-rate=1e-2",
            "-D",
            "rpo.train.checkpoint-every=1",
            "-D",
            "rpo.train.epochs=2",
            "-D",
            "rpo.online.rounds=4"
        };
        assertEquals(0, execute("gauged", gauge), printed);
        List<JsonNode> rounds = rounds("gauged");
        assertTrue(rounds.size() < 5, printed);
        JsonNode last = rounds.get(rounds.size() - 1);
        assertEquals("turn", last.get("ended").asText());
        assertTrue(last.at("/gold_slope/high").asDouble() < 0, last.toString());
        assertTrue(last.at("/gauge/gold").asDouble()
                < rounds.get(0).at("/gauge/gold").asDouble());
        assertEquals(1, last.at("/best/round").asInt(), last.toString());
        String words = "ended after round " + (rounds.size() - 1) + " of 4, behind the turn of the gold reward";
        assertTrue(printed.contains(words), printed);
        assertTrue(Files.readString(folder.resolve("gauged/status.json")).contains(words));
        String page = Files.readString(folder.resolve("gauged/online/index.html"));
        assertTrue(page.contains("Ended behind the turn") && page.contains("figure-gauge-gold"), page);
        assertTrue(page.contains("At √KL = ") && page.contains("in round 1 at step "), page);
        assertFalse(Files.exists(round("gauged", rounds.size(), "train")), "it went on");

        assertEquals(2, execute("bad", more(gauge, "rpo.online.reference=previous")));
        assertTrue(printed.contains("each round's distances are from its own beginning"), printed);
    }

    private static String[] more(String[] definitions, String one) {
        return Stream.concat(Stream.of(definitions), Stream.of("-D", one)).toArray(String[]::new);
    }

    @Test
    void offlinePairsAreMixedInAndTheReferenceMayFollow() throws IOException {
        assertEquals(
                0,
                execute(
                        "mixed",
                        "-D",
                        "rpo.online.offline-share=0.5",
                        "-D",
                        "rpo.data.train=" + folder.resolve("offline.jsonl"),
                        "-D",
                        "rpo.online.reference=previous",
                        "-D",
                        "rpo.online.pairing=two"),
                printed);
        for (int round = 1; round <= 2; round++) {
            JsonNode facts = rounds("mixed").get(round - 1);
            int own = facts.get("pairs").asInt();
            assertEquals(own, facts.get("offline_pairs").asInt());
            JsonNode prepared =
                    JSON.readTree(round("mixed", round, "data/report.json").toFile());
            assertEquals(2 * own, prepared.get("rows_kept").asInt());
            JsonNode scored = JSON.readTree(
                            round("mixed", round, "reference/report.json").toFile())
                    .get("train");
            assertEquals(own, scored.get("reused").asInt(), "the distance was measured with the same scores");
            assertEquals(own, scored.get("computed").asInt());
        }
        assertFalse(
                Files.readString(round("mixed", 1, "pairs/offline.jsonl"))
                        .equals(Files.readString(round("mixed", 2, "pairs/offline.jsonl"))),
                "each round draws anew");
        assertTrue(rounds("mixed").get(1).get("kl").get("mean").asDouble() > 0, "measured from the start");
        String resolved = Files.readString(round("mixed", 2, "resolved.conf"));
        assertTrue(resolved.contains("mixed/online/round-01/model"), resolved);
    }

    /** Of the first step the supervised loss is known beforehand: what is not regularized adds nothing to it. */
    @Test
    void theSupervisedTermHoldsToTheChosenOfTheRoundOrToTheOfflineOnes() throws IOException {
        Map<String, Double> losses = new HashMap<>();
        for (String on : List.of("both", "round", "offline")) {
            assertEquals(
                    0,
                    execute(
                            on,
                            "-D",
                            "rpo.online.rounds=1",
                            "-D",
                            "rpo.online.offline-share=0.5",
                            "-D",
                            "rpo.data.train=" + folder.resolve("offline.jsonl"),
                            "-D",
                            "rpo.online.regularize-on=" + on,
                            "-D",
                            "rpo.train.pairs-per-batch=1000",
                            "-D",
                            "rpo.objective.eta=1"),
                    printed);
            losses.put(
                    on,
                    JSON.readTree(Files.readAllLines(round(on, 1, "train/metrics.jsonl"))
                                    .get(0))
                            .get("loss/sft")
                            .asDouble());
        }
        assertTrue(losses.get("round") > 0 && losses.get("offline") > 0, losses.toString());
        assertEquals(losses.get("both"), losses.get("round") + losses.get("offline"), 1e-5, losses.toString());

        assertEquals(2, execute("bad", "-D", "rpo.online.regularize-on=round", "-D", "rpo.objective.eta=0"));
        assertTrue(printed.contains("DPO (η = 0) has no supervised term"), printed);
        assertEquals(2, execute("bad", "-D", "rpo.online.regularize-on=offline"));
        assertTrue(printed.contains("rounds have no offline pairs"), printed);
    }

    @Test
    void aRoundWithoutAPairStopsAndSaysWhatTheRatingFound() throws IOException {
        assertEquals(3, execute("greedy", "-D", "rpo.generate.temperature=0"));
        assertTrue(printed.contains("none has two that differ in reward (16 × equal texts)"), printed);
    }

    @Test
    void whatWouldStopARoundStopsTheCommandBefore() throws IOException {
        assertEquals(2, execute("bad", "-D", "rpo.online.offline-share=0.5"));
        assertTrue(printed.contains("there are none. Name them with rpo.data.train"), printed);
        assertEquals(2, execute("bad", "-D", "rpo.train.optimizer=sgd"));
        assertTrue(printed.contains("rpo.train.optimizer = sgd has none"), printed);
        assertEquals(2, execute("bad", "-D", "rpo.lora.rank=2"));
        assertTrue(printed.contains("a new adapter on the merged model"), printed);
        assertEquals(2, execute("bad", "-D", "rpo.data.format=text"));
        assertEquals(2, execute("bad", "-D", "rpo.rate.model=" + folder.resolve("policy")));
        assertEquals(2, execute("bad", "-D", "rpo.rate.model=" + OnlineInputs.otherVocabulary(folder)));
        assertTrue(printed.contains("they have different vocabularies, of 13 and 14 tokens"), printed);
        assertFalse(Files.exists(folder.resolve("bad/online")));
    }

    private List<String> words(String output) {
        return List.of(
                "online",
                "--config",
                folder.resolve("online.conf").toString(),
                "-D",
                "rpo.output=" + folder.resolve(output));
    }

    private int execute(String output, String... more) {
        List<String> arguments = new ArrayList<>(words(output));
        arguments.addAll(List.of(more));
        Outcome outcome = ProgramHere.run(arguments);
        printed = outcome.out() + outcome.err();
        return outcome.exitCode();
    }

    private List<JsonNode> rounds(String output) throws IOException {
        List<JsonNode> rounds = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(output).resolve("online/rounds.jsonl"))) {
            rounds.add(JSON.readTree(line));
        }
        return rounds;
    }

    private Path model(String output, int number) {
        return round(output, number, "model");
    }

    private Path round(String output, int number, String file) {
        return folder.resolve(output).resolve("online/round-0" + number).resolve(file);
    }
}
