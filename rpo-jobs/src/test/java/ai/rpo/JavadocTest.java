package ai.rpo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A Javadoc's first sentence stands alone: it is no half sentence that leans on a name or on its neighbour. */
class JavadocTest {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    private static final List<String> MODULES = List.of("rpo-core", "rpo-spark", "rpo-jobs");

    private static final Pattern JAVADOC = Pattern.compile("/\\*\\*\\s*(?:\\*\\s*)?(\\S.*?)\\*/", Pattern.DOTALL);

    private static final Pattern HALF_SENTENCE = Pattern.compile(
            "(?:Of|The same|As|What|Whether|How|Where|Which|When|Why|In|On|With|By|From|To|For|At|Like)\\b");

    @Test
    void firstSentencesHaveAVerb() throws IOException {
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (String module : MODULES) {
            for (Path source : sources(PROJECT.resolve(module).resolve("src/main/java"))) {
                for (MatchResult javadoc :
                        JAVADOC.matcher(Files.readString(source)).results().toList()) {
                    checked++;
                    if (HALF_SENTENCE.matcher(javadoc.group(1)).lookingAt()) {
                        wrong.add(source.getFileName() + ": "
                                + javadoc.group(1).lines().findFirst().orElseThrow());
                    }
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(checked > 3000, checked + " comments");
    }

    private static List<Path> sources(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }
}
