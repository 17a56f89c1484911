package ai.rpo.jobs.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SparkLauncherTest {

    @Test
    void runsOnThisMachineUnlessToldOtherwise() {
        assertEquals(
                "local[*]",
                launcher(Optional.empty(), Map.of(), new SparkConf(false)).master());
        assertEquals(
                "local[3]",
                launcher(Optional.empty(), Map.of("spark.master", "local[3]"), new SparkConf(false))
                        .master());
        SparkConf submitted = new SparkConf(false).setMaster("yarn").set("spark.jars", "rpo.jar");
        assertEquals(
                "yarn",
                launcher(Optional.empty(), Map.of("spark.master", "local[3]"), submitted)
                        .master());
        assertEquals(
                "local[2]",
                launcher(Optional.of("local[2]"), Map.of(), submitted).master());
    }

    @Test
    void whatWasSubmittedStandsAndTheRestIsFilledIn() {
        SparkConf conf = new SparkConf(false)
                .set("spark.executor.memory", "4g")
                .set("spark.app.name", "ai.rpo.jobs.Main")
                .set("spark.jars", "rpo.jar")
                .setMaster("yarn");

        launcher(Optional.empty(), Map.of("spark.executor.memory", "2g", "spark.executor.cores", "2"), conf);

        assertEquals("4g", conf.get("spark.executor.memory"));
        assertEquals("2", conf.get("spark.executor.cores"));
        assertEquals("rpo train", conf.get("spark.app.name"));
        assertFalse(conf.contains("spark.driver.host"), "a cluster reaches the driver by its own name");
    }

    @Test
    void hadoopKeysReachTheFileSystems() {
        Configuration hadoop = launcher(
                        Optional.empty(), Map.of("spark.hadoop.fs.s3a.endpoint", "http://here"), new SparkConf(false))
                .hadoop();

        assertEquals("http://here", hadoop.get("fs.s3a.endpoint"));
    }

    @Test
    void executorsGetTheOptionsOfEveryJvm() {
        SparkConf conf = new SparkConf(false).setMaster("spark://host:7077").set("spark.jars", "rpo.jar");

        launcher(Optional.empty(), Map.of("spark.executor.extraJavaOptions", "-Dmine=1"), conf);

        String options = conf.get("spark.executor.defaultJavaOptions");
        assertTrue(options.startsWith("-XX:+IgnoreUnrecognizedVMOptions --add-opens="), options);
        assertTrue(options.contains("--add-modules=jdk.incubator.vector"), options);
        assertFalse(options.contains("#"), options);
        assertEquals("-Dmine=1", conf.get("spark.executor.extraJavaOptions"));
    }

    @Test
    void aClusterNeedsTheApplicationJar() {
        RpoException error = assertThrows(
                RpoException.class,
                () -> launcher(Optional.empty(), Map.of("spark.master", "spark://host:7077"), new SparkConf(false)));

        assertEquals(
                "Cannot run on spark://host:7077: executors need the application jar, and this program runs from classes."
                        + " Give --master on the command line of ./rpo, or use deploy/bin/submit.",
                error.getMessage());
    }

    private static SparkLauncher launcher(Optional<String> master, Map<String, String> keys, SparkConf submitted) {
        return new SparkLauncher("rpo train", master, keys, submitted);
    }
}
