package ai.rpo.jobs.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

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
        SparkConf submitted = new SparkConf(false).setMaster("yarn");
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

    private static SparkLauncher launcher(Optional<String> master, Map<String, String> keys, SparkConf submitted) {
        return new SparkLauncher("rpo train", master, keys, submitted);
    }
}
