package ai.rpo.jobs.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.judge.Verifier.Submission;
import ai.rpo.core.judge.Verifiers;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.core.text.TokenizerFiles;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SumsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    @Test
    void aVerifierKnowsTheRightAnswersAndNothingUnseenIsTrainedOn() throws IOException {
        Sums.write(folder);
        Set<String> unseen = new HashSet<>();
        for (String line : Files.readAllLines(folder.resolve("unseen.jsonl"))) {
            JsonNode row = JSON.readTree(line);
            assertTrue(unseen.add(row.get("prompt").asText()));
            String[] numbers = row.get("prompt").asText().split("[+=]");
            assertEquals(
                    Integer.parseInt(numbers[0]) + Integer.parseInt(numbers[1]),
                    row.get("reference").asInt());
        }
        for (String line : Files.readAllLines(folder.resolve("prompts.jsonl"))) {
            assertFalse(unseen.contains(JSON.readTree(line).get("prompt").asText()), line);
        }
        int right = 0;
        List<String> answers = Files.readAllLines(folder.resolve("answers.jsonl"));
        for (String line : answers) {
            JsonNode row = JSON.readTree(line);
            assertFalse(unseen.contains(row.get("prompt").asText()), line);
            String[] numbers = row.get("prompt").asText().split("[+=]");
            String sum = String.valueOf(Integer.parseInt(numbers[0]) + Integer.parseInt(numbers[1]));
            right += (int)
                    Verifiers.get("exact-match", Optional.empty(), getClass().getClassLoader())
                            .verify(new Submission(
                                    List.of(row.get("prompt").asText()),
                                    List.of(row.get("completion").asText()),
                                    Optional.of(sum)))
                            .value();
        }
        assertEquals(0.5, (double) right / answers.size(), 0.01);
    }

    @Test
    void theUntrainedModelReadsEverySymbol() throws IOException {
        Sums.write(folder);
        ModelDirectory model = ModelDirectory.open(folder.resolve("untrained"));
        try (Tokenizer tokenizer =
                Tokenizer.open(TokenizerFiles.in(model.folder(), model.eosIds()), TemplateChoice.USUAL)) {
            int[] ids = tokenizer.encodePrompt("49+8=");
            assertEquals(6, ids.length, "a token for each character, behind the beginning of text");
            assertEquals("49+8=", tokenizer.decode(ids, true));
        }
    }

    @Test
    void aCarelessAnswerForgetsACarryOrSlipsByADigit() {
        SplittableRandom random = new SplittableRandom(3);
        Set<String> given = new HashSet<>();
        for (int i = 0; i < 500; i++) {
            given.add(new Sums.Sum(17, 25).careless(random));
        }
        assertEquals(Set.of("42", "32", "41", "43", "52"), given);
    }
}
