package ai.rpo.jobs.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code deploy/bin} hands to {@code spark-submit}: one that prints its arguments, a line each. */
class SubmitScriptsTest {

    @TempDir
    Path folder;

    @BeforeEach
    void aSparkSubmitThatPrints() throws IOException {
        Path script = Files.createDirectory(folder.resolve("bin")).resolve("spark-submit");
        Files.writeString(script, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"submit-standalone", "submit-yarn", "submit-kubernetes"})
    void optionsOfSparkSubmitGoBeforeTheJar(String script) throws Exception {
        List<String> given = submitted(Map.of(), script, "--packages", "a:b:1", "--", "run", "--config", "s3a://b/c");
        assertEquals(List.of("rpo.jar", "run", "--config", "s3a://b/c"), given.subList(given.size() - 4, given.size()));
        assertEquals("a:b:1", valueOf(given, "--packages"));

        List<String> plain = submitted(Map.of(), script, "run", "--config", "s3a://b/c");
        assertEquals(List.of("rpo.jar", "run", "--config", "s3a://b/c"), plain.subList(plain.size() - 4, plain.size()));
    }

    @Test
    void containersHaveRoomBesideTensorsAndHeap() throws Exception {
        List<String> given = submitted(
                Map.of("RPO_HEAP", "20g", "RPO_NATIVE_MEMORY", "24G", "RPO_DRIVER_NATIVE_MEMORY", "512mb"),
                "submit-yarn",
                "run");
        assertTrue(given.contains("spark.executor.memory=20480m"), given.toString());
        assertTrue(given.contains("spark.executor.memoryOverhead=" + (24 * 1024 + 2048) + "m"), given.toString());
        assertTrue(valueOf(given, "spark.executor.extraJavaOptions").endsWith("javacpp.maxbytes=24576m"));
        assertEquals("4096m", valueOf(given, "--driver-memory"));
        assertTrue(given.contains("spark.driver.memoryOverhead=" + (512 + 1024) + "m"), given.toString());
        assertTrue(valueOf(given, "spark.driver.extraJavaOptions").endsWith("javacpp.maxbytes=512m"));
    }

    @Test
    void theDriversMemoryCanBeGivenToSparkSubmitToo() throws Exception {
        List<String> given = submitted(Map.of(), "submit-standalone", "--driver-memory", "30g", "--", "run");
        assertEquals("30g", given.get(given.lastIndexOf("--driver-memory") + 1), "the last one counts");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--config", "--config="})
    void aLocalConfigurationTravelsToYarnWithWhatItIncludes(String option) throws Exception {
        Files.writeString(folder.resolve("my.conf"), "include \"base\"\n  include required(\"more.conf\")\n");
        Files.writeString(folder.resolve("base.conf"), "rpo.train.epochs = 2\n");
        Files.writeString(folder.resolve("more.conf"), "rpo.train.seed = 2\n");
        String file = folder.resolve("my.conf").toString();
        List<String> given = option.endsWith("=")
                ? submitted(Map.of(), "submit-yarn", "run", option + file)
                : submitted(Map.of(), "submit-yarn", "run", option, file);

        assertEquals("%1$s/my.conf,%1$s/base.conf,%1$s/more.conf".formatted(folder), valueOf(given, "--files"));
        assertTrue(String.join(" ", given).matches(".* run --config[ =]my.conf"), given.toString());
    }

    @Test
    void theNewestJarIsSubmitted() throws Exception {
        Path home = Files.createDirectories(folder.resolve("home"));
        for (String file : List.of("deploy/bin/submit", "deploy/bin/submit-standalone", "deploy/jvm.options")) {
            Files.createDirectories(home.resolve(file).getParent());
            Files.copy(Path.of("..").resolve(file), home.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        Path jars = Files.createDirectories(home.resolve("rpo-jobs/target"));
        Instant now = Instant.now();
        for (int version = 1; version <= 3; version++) {
            Path jar = Files.createFile(jars.resolve("rpo-0." + version + ".jar"));
            Files.setLastModifiedTime(jar, FileTime.from(version == 2 ? now : now.minusSeconds(version)));
        }
        List<String> given = submitted(
                Map.of("RPO_JAR", ""),
                home.resolve("deploy/bin/submit-standalone").toString(),
                "run");
        assertEquals(jars.toRealPath().resolve("rpo-0.2.jar").toString(), given.get(given.size() - 2));
    }

    @Test
    void aSizeThatIsNoneIsRefused() throws Exception {
        Process process = start(Map.of("RPO_HEAP", "much"), "submit-yarn", "run");
        assertEquals(
                "Cannot submit: much is no size. Write one such as 24g or 512m.\n",
                new String(process.getErrorStream().readAllBytes(), UTF_8));
        assertEquals(2, process.waitFor());
    }

    private static String valueOf(List<String> given, String option) {
        int at = given.indexOf(option);
        return at >= 0
                ? given.get(at + 1)
                : given.stream()
                        .filter(one -> one.startsWith(option + "="))
                        .findFirst()
                        .orElseThrow()
                        .substring(option.length() + 1);
    }

    private List<String> submitted(Map<String, String> environment, String script, String... arguments)
            throws Exception {
        Process process = start(environment, script, arguments);
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), err);
        return out.lines().toList();
    }

    private Process start(Map<String, String> environment, String script, String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(Path.of("../deploy/bin").resolve(script).toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("RPO_"));
        builder.environment()
                .putAll(Map.of(
                        "SPARK_HOME",
                        folder.toString(),
                        "SPARK_MASTER",
                        "spark://nowhere:7077",
                        "RPO_IMAGE",
                        "rpo",
                        "RPO_JAR",
                        "rpo.jar"));
        builder.environment().putAll(environment);
        return builder.start();
    }
}
