package ai.rpo.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.jobs.CommandLineProgram.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Does what the tutorial says, with a smaller model: its files, its commands in their order, and what they leave. */
class TutorialTest {

    private static final Pattern FILE =
            Pattern.compile("`([\\w-]+\\.(?:jsonl|conf))`[^`]*\n\n```(?:json|hocon)\n(.*?)```", Pattern.DOTALL);
    private static final Pattern COMMANDS = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");
    private static final Pattern PLACE = Pattern.compile("(?<![\\w/])(models|runs)/");
    private static final Pattern LEFT = Pattern.compile("`(runs/[\\w./-]+)`");

    @TempDir
    Path folder;

    private String tutorial;

    @BeforeEach
    void inputs() throws IOException {
        tutorial = Files.readString(Path.of("../docs/tutorial.md"));
        TinyRun.words(TinyRun.model(folder.resolve("models/start")));
        for (MatchResult file : FILE.matcher(tutorial).results().toList()) {
            Files.writeString(folder.resolve(file.group(1)), here(file.group(2)));
        }
    }

    @Test
    void itsCommandsDoWhatItSays() throws IOException {
        int done = 0;
        for (MatchResult block : COMMANDS.matcher(tutorial).results().toList()) {
            for (String command : block.group(1).replace("\\\n", " ").split("\n")) {
                if (command.startsWith("./rpo ")) {
                    Outcome outcome = ProgramHere.run(arguments(command.substring("./rpo ".length())));
                    assertEquals(0, outcome.exitCode(), () -> command + "\n" + outcome.out() + outcome.err());
                    done++;
                }
            }
        }
        assertTrue(done >= 8, done + " commands");

        List<MatchResult> left = LEFT.matcher(tutorial).results().toList();
        assertTrue(left.size() >= 8, left.size() + " places");
        for (MatchResult place : left) {
            assertTrue(Files.exists(folder.resolve(place.group(1))), place.group(1));
        }
        assertNotEquals(weights("models/start"), weights("runs/tutorial/model"));
    }

    private List<String> arguments(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(command);
        while (word.find()) {
            String text = word.group(1) == null ? word.group(2) : word.group(1);
            words.add(Files.exists(folder.resolve(text)) ? folder.resolve(text).toString() : here(text));
        }
        if (words.get(0).equals("status")) {
            return words;
        }
        words.addAll(List.of(
                "-D", "spark.ui.enabled=false", "-D", "spark.sql.shuffle.partitions=2", "--master", "local[1]"));
        return words;
    }

    /** Has paths lie in the test's folder. */
    private String here(String text) {
        String moved = PLACE.matcher(text).replaceAll(Matcher.quoteReplacement(folder + "/") + "$1/");
        return moved.replaceAll("(?<![\\w/\"{])([\\w-]+\\.jsonl)", Matcher.quoteReplacement(folder + "/") + "$1");
    }

    private String weights(String model) throws IOException {
        return new String(
                Files.readAllBytes(folder.resolve(model).resolve("model.safetensors")),
                java.nio.charset.StandardCharsets.ISO_8859_1);
    }
}
