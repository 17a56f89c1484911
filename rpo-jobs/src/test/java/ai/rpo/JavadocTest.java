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

    /** The packages that have been gone through; a new package belongs here too. */
    private static final List<String> PACKAGES = List.of(
            "rpo-core/src/main/java/ai/rpo/core/benchmark",
            "rpo-core/src/main/java/ai/rpo/core/dl4j",
            "rpo-core/src/main/java/ai/rpo/core/evaluate",
            "rpo-core/src/main/java/ai/rpo/core/gauge",
            "rpo-core/src/main/java/ai/rpo/core/generate",
            "rpo-core/src/main/java/ai/rpo/core/judge",
            "rpo-core/src/main/java/ai/rpo/core/objective",
            "rpo-core/src/main/java/ai/rpo/core/preference",
            "rpo-core/src/main/java/ai/rpo/core/random",
            "rpo-core/src/main/java/ai/rpo/core/reward",
            "rpo-core/src/main/java/ai/rpo/core/score",
            "rpo-core/src/main/java/ai/rpo/core/tensor/cpu",
            "rpo-core/src/main/java/ai/rpo/core/tensor/nd4j",
            "rpo-core/src/main/java/ai/rpo/core/text",
            "rpo-core/src/main/java/ai/rpo/core/theory",
            "rpo-core/src/main/java/ai/rpo/core/train",
            "rpo-spark/src/main/java/ai/rpo/spark/api",
            "rpo-spark/src/main/java/ai/rpo/spark/benchmark",
            "rpo-spark/src/main/java/ai/rpo/spark/dataset",
            "rpo-spark/src/main/java/ai/rpo/spark/device",
            "rpo-spark/src/main/java/ai/rpo/spark/evaluate",
            "rpo-spark/src/main/java/ai/rpo/spark/gauge",
            "rpo-spark/src/main/java/ai/rpo/spark/generate",
            "rpo-spark/src/main/java/ai/rpo/spark/judge",
            "rpo-spark/src/main/java/ai/rpo/spark/prepare",
            "rpo-spark/src/main/java/ai/rpo/spark/rate",
            "rpo-spark/src/main/java/ai/rpo/spark/reference",
            "rpo-spark/src/main/java/ai/rpo/spark/reward",
            "rpo-spark/src/main/java/ai/rpo/spark/runtime",
            "rpo-spark/src/main/java/ai/rpo/spark/store",
            "rpo-spark/src/main/java/ai/rpo/spark/table",
            "rpo-jobs/src/main/java/ai/rpo/jobs/command",
            "rpo-jobs/src/main/java/ai/rpo/jobs/config",
            "rpo-jobs/src/main/java/ai/rpo/jobs/demo",
            "rpo-jobs/src/main/java/ai/rpo/jobs/gates",
            "rpo-jobs/src/main/java/ai/rpo/jobs/launch",
            "rpo-jobs/src/main/java/ai/rpo/jobs/pipeline",
            "rpo-jobs/src/main/java/ai/rpo/jobs/progress");

    private static final Pattern JAVADOC = Pattern.compile("/\\*\\*\\s*(?:\\*\\s*)?(\\S.*?)\\*/", Pattern.DOTALL);

    private static final Pattern HALF_SENTENCE = Pattern.compile(
            "(?:Of|The same|As|What|Whether|How|Where|Which|When|Why|In|On|With|By|From|To|For|At|Like)\\b");

    @Test
    void firstSentencesHaveAVerb() throws IOException {
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (String folder : PACKAGES) {
            for (Path source : sources(PROJECT.resolve(folder))) {
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
        assertTrue(checked > 1500, checked + " comments");
    }

    private static List<Path> sources(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }
}
