package ai.rpo.spark.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.judge.Answer;
import ai.rpo.spark.OtherJvm;
import ai.rpo.spark.SparkTest;
import ai.rpo.spark.judge.ScriptedServer.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@SparkTest
class KilledJudgingTest {

    private static final String KEY = "sk-nobody-may-see-this-9265";

    @TempDir
    Path work;

    @Test
    @Timeout(240)
    void aKilledJobAsksEachQuestionAtMostOnceMoreAndItsKeyIsNowhere(SparkSession spark) throws Exception {
        try (ScriptedServer server = new ScriptedServer((text, before, request) -> Reply.answer("[[A]]"))) {
            Process judging = OtherJvm.start(
                    SlowJudging.class,
                    work.resolve("output.txt").toFile(),
                    Map.of(SlowJudging.KEY_VARIABLE, KEY),
                    work.toUri().toString(),
                    server.url());
            try {
                while (judging.isAlive()
                        && (server.requests() < SlowJudging.QUESTIONS / 3
                                || answerFiles().size() < 3)) {
                    Thread.sleep(5);
                }
            } finally {
                judging.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
            }
            String output = Files.readString(work.resolve("output.txt"));
            Map<String, Integer> first = new HashMap<>(server.counts());
            int asked = first.size() - 1; // without the probe
            assertTrue(asked > 0 && asked < SlowJudging.QUESTIONS, () -> asked + " questions were asked. " + output);

            Judge.Asked again =
                    SlowJudging.ask(spark, new org.apache.hadoop.fs.Path(work.toUri()), server.url(), Optional.empty());

            assertTrue(again.known() > 0, "none of " + asked + " answers is known");
            assertEquals(SlowJudging.QUESTIONS, again.known() + again.asked());
            Map<String, Answer> answers = again.answers().collectAsMap();
            assertEquals(SlowJudging.QUESTIONS, answers.size());
            assertTrue(
                    answers.values().stream().allMatch(answer -> answer.text().equals("[[A]]")));
            assertEquals(SlowJudging.QUESTIONS + 1, server.counts().size());
            assertTrue(Collections.max(server.counts().values()) <= 2, "asked at most once more");
            long twice =
                    server.counts().values().stream().filter(count -> count > 1).count() - 1;
            // A second's answers and a request for each thread.
            assertTrue(twice < asked / 2 + 200, twice + " of " + asked + " questions were asked twice");

            assertTrue(server.authorizations().contains("Bearer " + KEY));
            for (Path file : files()) {
                assertFalse(Files.readString(file).contains(KEY), file.toString());
            }
        }
    }

    private List<Path> answerFiles() throws IOException {
        return files().stream()
                .filter(file -> file.toString().endsWith(".jsonl"))
                .toList();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(work)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (java.io.UncheckedIOException e) {
            return List.of(); // the other process renamed one meanwhile
        }
    }
}
