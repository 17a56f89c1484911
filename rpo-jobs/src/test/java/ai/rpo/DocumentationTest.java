package ai.rpo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents say of the code is there. */
class DocumentationTest {

    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    private static final List<String> MODULES = List.of("rpo-core", "rpo-spark", "rpo-jobs", "s3-test", "bench");

    /** A file in backquotes: {@code `docs/data.md`}, {@code `RowReaderTest.java`}. */
    private static final Pattern FILE = Pattern.compile("`([\\w./-]+\\.(?:java|md|py|conf))`");

    /** {@code `Class.member`}, and the name of a class that is said to hold or to test something. */
    private static final Pattern MEMBER = Pattern.compile("`(?:\\w+\\.)*([A-Z]\\w+)\\.([a-z]\\w*)(?:\\(\\))?`");

    private static final Pattern CLASS = Pattern.compile("(?:\\*In\\* `([A-Z]\\w+)`|`([A-Z]\\w+Test)`)");

    @Test
    void namesClassesAndMembersThatThereAre() throws IOException {
        Map<String, String> sources = sources();
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (Path document : files("docs", ".md")) {
            String text = Files.readString(document);
            for (MatchResult found : CLASS.matcher(text).results().toList()) {
                checked++;
                String name = Optional.ofNullable(found.group(1)).orElse(found.group(2));
                if (!sources.containsKey(name)) {
                    wrong.add(document.getFileName() + ": " + name);
                }
            }
            for (MatchResult found : MEMBER.matcher(text).results().toList()) {
                String source = sources.get(found.group(1));
                boolean ours = source != null || found.group(1).endsWith("Test");
                checked += ours ? 1 : 0;
                if (ours && (source == null || !source.matches("(?s).*\\b" + found.group(2) + "\\b.*"))) {
                    wrong.add(document.getFileName() + ": " + found.group());
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(checked > 20, checked + " names");
    }

    /** What a program is shown to do is done by a test, word for word. */
    @Test
    void libraryExamplesAreTested() throws IOException {
        String tested = Files.readString(
                        PROJECT.resolve("rpo-spark/src/test/java/ai/rpo/spark/api/RpoTrainerTest.java"))
                .replaceAll("\\s+", "");
        List<String> statements = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(PROJECT.resolve("docs/library.md")))
                .results()
                .flatMap(block -> Stream.of(block.group(1).split(";")))
                .map(statement -> statement.replaceAll("\\s+", ""))
                .filter(statement -> !statement.isEmpty())
                .toList();
        assertTrue(statements.size() >= 3, statements::toString);
        assertEquals(
                List.of(),
                statements.stream()
                        .filter(statement -> !tested.contains(statement))
                        .toList());
    }

    /** The files that {@code CONTRIBUTING.md} sends a newcomer to: by their path, or by a name that one file has. */
    @Test
    void contributingNamesFilesThatThereAre() throws IOException {
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (MatchResult found : FILE.matcher(Files.readString(PROJECT.resolve("CONTRIBUTING.md")))
                .results()
                .toList()) {
            checked++;
            String name = found.group(1);
            boolean there = name.contains("/")
                    ? Files.exists(PROJECT.resolve(name))
                    : Files.exists(PROJECT.resolve(name)) || named(name) == 1;
            if (!there) {
                wrong.add(name);
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(checked > 10, checked + " files");
    }

    private static long named(String name) throws IOException {
        long count = 0;
        for (String module : MODULES) {
            for (Path file : files(module + "/src", "")) {
                count += file.getFileName().toString().equals(name) ? 1 : 0;
            }
        }
        return count;
    }

    /** Maps the name of each class of the project to its source. */
    private static Map<String, String> sources() throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (String module : MODULES) {
            for (Path file : files(module + "/src", ".java")) {
                sources.merge(
                        file.getFileName().toString().replace(".java", ""), Files.readString(file), String::concat);
            }
        }
        return sources;
    }

    private static List<Path> files(String folder, String suffix) throws IOException {
        try (Stream<Path> files = Files.walk(PROJECT.resolve(folder))) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }
}
