package ai.rpo.jobs.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What {@code package} made for a Spark installation: all that we need and Spark lacks, and nothing twice. */
class ApplicationJarIT {

    private static Set<String> entries;

    @BeforeAll
    static void read() throws IOException {
        entries = entries(Path.of(System.getProperty("rpo.application.jar")));
    }

    @Test
    void holdsTheProgramAndItsDefaults() {
        assertTrue(entries.contains("ai/rpo/jobs/Main.class"));
        assertTrue(entries.contains("ai/rpo/spark/train/TrainStage.class"));
        assertTrue(entries.contains("reference.conf"));
    }

    @Test
    void holdsTheServicesThatLibrariesLookUp() {
        assertTrue(entries.contains("META-INF/services/org.nd4j.linalg.factory.Nd4jBackend"));
    }

    @Test
    void holdsNativeCodeOfOnePlatform() {
        List<String> platforms = entries.stream()
                .filter(name -> name.matches(
                        ".*(libnd4jcpu|nd4jcpu|libnd4jcuda|libopenblas|libtokenizers)[^/]*\\.(so|dylib|dll).*"))
                .map(name -> name.replaceAll(".*/((linux|macosx|osx|windows|win)-[^/]+)/.*", "$1"))
                .map(name -> name.replace("aarch64", "arm64")
                        .replaceAll("^(mac)?osx", "macosx")
                        .replaceAll("^win-", "windows-"))
                .distinct()
                .toList();
        assertEquals(1, platforms.size(), platforms.toString());
    }

    @Test
    void repeatsNoClassThatSparkShips() throws IOException {
        Set<String> repeated = new HashSet<>();
        try (Stream<Path> jars = Files.list(Path.of(System.getProperty("rpo.spark.home"), "jars"))) {
            for (Path jar : jars.toList()) {
                for (String name : entries(jar)) {
                    if (name.endsWith(".class") && !name.startsWith("META-INF/") && entries.contains(name)) {
                        repeated.add(name + " of " + jar.getFileName());
                    }
                }
            }
        }
        assertEquals(Set.of(), repeated);
    }

    @Test
    void leavesNoSignatureThatWouldNoLongerMatch() {
        assertEquals(
                List.of(),
                entries.stream()
                        .filter(name -> name.matches("META-INF/[^/]+\\.(SF|DSA|RSA)"))
                        .toList());
    }

    /** Spark ships gson 2.2.4 and its class wins over ours, so ours has another name. */
    @Test
    void hidesItsOwnGson() {
        assertTrue(entries.stream().noneMatch(name -> name.startsWith("com/google/gson/")));
        assertTrue(entries.contains("ai/rpo/shaded/gson/Gson.class"));
    }

    private static Set<String> entries(Path jar) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            Set<String> names = new HashSet<>();
            zip.stream()
                    .filter(entry -> !entry.isDirectory())
                    .map(ZipEntry::getName)
                    .forEach(names::add);
            return names;
        }
    }
}
