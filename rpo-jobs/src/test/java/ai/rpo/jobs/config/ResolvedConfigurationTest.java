package ai.rpo.jobs.config;

import static ai.rpo.jobs.config.ConfigurationFixture.definitions;
import static ai.rpo.jobs.config.ConfigurationFixture.file;
import static ai.rpo.jobs.config.ConfigurationFixture.load;
import static ai.rpo.jobs.config.ConfigurationFixture.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResolvedConfigurationTest {

    @TempDir
    Path folder;

    @Test
    void laterSourcesWin() {
        Optional<String> file =
                Optional.of(ConfigurationFixture.write(folder, "rpo.train { epochs = 2, seed = 2, workers = 2 }"));
        var environment = ConfigFactory.parseString("rpo.train { seed = 3, workers = 3 }, rpo_home = x, rpoish.a = 1");

        Settings settings = load(file, environment, "rpo.train.workers=4", "rpo.train.workers = 5")
                .settings();

        assertEquals(
                definitions().settings().train().pairsPerBatch(),
                settings.train().pairsPerBatch());
        assertEquals(2, settings.train().epochs());
        assertEquals(3, settings.train().seed());
        assertEquals(5, settings.train().workers());
    }

    @Test
    void aFileMayBeAnyHadoopPathAndNameItsOwnVariables() {
        String file =
                "file://" + ConfigurationFixture.write(folder, "rpo.output = a, rpo.model.path = ${rpo.output}/m");

        Settings settings = load(Optional.of(file), ConfigFactory.empty()).settings();

        assertEquals(Optional.of("a/m"), settings.model().path());
    }

    /** A mount table is nothing but settings. */
    @Test
    void aFileIsReadWithTheSettingsThatSparkSubmitWasGiven() {
        ConfigurationFixture.write(folder, "rpo.train.seed = 7");
        String setting = "spark.hadoop.fs.viewfs.mounttable.given.link./here";
        System.setProperty(setting, folder.toUri().toString());
        try {
            Settings settings = load(Optional.of("viewfs://given/here/my.conf"), ConfigFactory.empty())
                    .settings();
            assertEquals(7, settings.train().seed());
        } finally {
            System.clearProperty(setting);
        }
    }

    @Test
    void aFileOfAHadoopPathIncludesItsNeighbours() throws IOException {
        Files.createDirectories(folder.resolve("below"));
        Files.writeString(folder.resolve("below/more.conf"), "include \"../base\"\nrpo.train.seed = 7");
        Files.writeString(folder.resolve("base.conf"), "rpo.train { epochs = 6, seed = 6 }");
        String file =
                "file://" + ConfigurationFixture.write(folder, "include \"below/more.conf\", rpo.train.workers = 8");

        Settings settings = load(Optional.of(file), ConfigFactory.empty()).settings();

        assertEquals(6, settings.train().epochs());
        assertEquals(7, settings.train().seed());
        assertEquals(8, settings.train().workers());

        String broken = "file://" + ConfigurationFixture.write(folder, "include \"nowhere.conf\"");
        RpoException e = assertThrows(RpoException.class, () -> load(Optional.of(broken), ConfigFactory.empty()));
        assertTrue(e.getMessage().contains("/nowhere.conf: there is no such file"), e.getMessage());
    }

    /** As on YARN, where a container's folder has links to the files that travelled with the job. */
    @Test
    void aFileOfThisFolderIncludesItsNeighbours() throws IOException {
        Files.writeString(folder.resolve("base.conf"), "rpo.train.seed = 7");
        Path written = Path.of(ConfigurationFixture.write(folder, "include \"linked\", rpo.train.workers = 8"));
        Path file = Path.of("linking.conf");
        Path neighbour = Path.of("linked.conf");
        try {
            Files.createSymbolicLink(file, written);
            Files.createSymbolicLink(neighbour, folder.resolve("base.conf"));
            Settings settings =
                    load(Optional.of(file.toString()), ConfigFactory.empty()).settings();
            assertEquals(7, settings.train().seed());
            assertEquals(8, settings.train().workers());
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(neighbour);
        }
    }

    /** A key that is missing here makes artifacts anew for nothing; one too many uses those that are of other settings. */
    @Test
    void keysThatOnlyCostAreNoPartOfAnArtifactsIdentity() {
        ResolvedConfiguration configuration = definitions();
        Set<String> costOnly = new TreeSet<>(configuration.valuesUnder("rpo").keySet());
        costOnly.removeAll(configuration.effectsUnder("rpo").keySet());

        Set<String> expected = new TreeSet<>(Set.of(
                "rpo.generate.completions-at-once",
                "rpo.generate.table",
                "rpo.judge.batch.results",
                "rpo.judge.cache",
                "rpo.judge.endpoint.key-env",
                "rpo.judge.endpoint.requests-at-once",
                "rpo.judge.endpoint.requests-per-second",
                "rpo.judge.endpoint.retries",
                "rpo.judge.endpoint.timeout",
                "rpo.judge.model.questions-at-once",
                "rpo.judge.table",
                "rpo.rate.table",
                "rpo.reference.cache",
                "rpo.reference.tokens-per-batch",
                "rpo.score.table"));
        for (String training : List.of("rpo.train.", "rpo.sft.", "rpo.reward.")) {
            for (String key : List.of(
                    "tokens-per-micro-batch",
                    "recompute",
                    "optimizer-device",
                    "worker-timeout",
                    "keep-checkpoints",
                    "resources.cpus",
                    "resources.gpus")) {
                expected.add(training + key);
            }
        }
        assertEquals(expected, costOnly);
    }

    @Test
    void supervisedRowsAloneNeedNoPairs() {
        ConfigurationSources supervised = new ConfigurationSources(
                Optional.empty(), ConfigFactory.empty(), List.of("rpo.sft.data=a", "rpo.train.epochs=0"));
        String message = assertThrows(
                        RpoException.class,
                        () -> ResolvedConfiguration.load(
                                supervised, List.of("rpo.data.train"), List.of("rpo.sft.data")))
                .getMessage();
        assertTrue(message.contains("rpo.train.epochs must be at least 1"), message);
        assertFalse(message.contains("rpo.data.train"), message);
    }

    @Test
    void everyProblemIsReportedAtOnceWithItsPlace() {
        String message = refusal(folder, """
                rpo {
                  train.epochs = 0
                  train.lerning-rate = 1e-5
                  train.workers = 1.5
                  train.schedule = cosin
                  train.shuffle = 1
                  objective = 3
                  objective.beta = -1
                  precision { a = 1 }
                }
                rop.model.path = x
                """, "rpo.train.seed=12345678901234567890", "rpo.train.learning-rate=fast");

        assertEquals("""
                Cannot use the configuration: 10 keys are wrong.
                  rop is not read: keys begin with rpo. or spark. (my.conf: 11)
                  rpo.objective.beta must be above 0, but is -1.0 (my.conf: 8)
                  rpo.precision must be a value, but is a section (my.conf: 9)
                  rpo.train.epochs must be at least 1, but is 0 (my.conf: 2)
                  rpo.train.learning-rate must be a number, but is "fast" (-D)
                  rpo.train.lerning-rate is unknown; did you mean rpo.train.learning-rate? (my.conf: 3)
                  rpo.train.schedule must be one of cosine, linear, constant, but is "cosin" (my.conf: 5)
                  rpo.train.seed must lie between -9223372036854775808 and 9223372036854775807, but is "12345678901234567890" (-D)
                  rpo.train.shuffle must be true or false, but is 1 (my.conf: 6)
                  rpo.train.workers must be a whole number, but is 1.5 (my.conf: 4)""", message);
    }

    @Test
    void aSingleProblemTakesOneLine() {
        assertEquals(
                "Cannot use the configuration: rpo.train must be a section with keys of its own, but is a value (my.conf: 1).",
                refusal(folder, "rpo.train = 7"));
        assertEquals(
                "Cannot use the configuration: rpo.train.epochs has no value (my.conf: 1).",
                refusal(folder, "rpo.train.epochs = null"));
        assertEquals(
                "Cannot use the configuration: rpo.model.path must not be empty (-D).",
                refusal(folder, "", "rpo.model.path="));
    }

    @ParameterizedTest
    @CsvSource({
        "rpo.train.lr, no key is like it",
        "rpo.beta, did you mean rpo.objective.beta?",
        "rpo.objective.regularizer.reductions, did you mean rpo.objective.regularizer.reduction?",
        "rpo.train.pairs_per_batch, did you mean rpo.train.pairs-per-batch?",
        "rpo.trian.epochs, rpo.trian.epochs is unknown; did you mean rpo.train.epochs?",
        "rpo.train.epochs.first, rpo.train.epochs must be a value",
    })
    void anUnknownKeyNamesTheNearest(String key, String expected) {
        String message = refusal(folder, "", key + "=1");

        assertTrue(message.contains(expected), message);
    }

    @Test
    void requiredKeysAreNamed() {
        ConfigurationSources sources = new ConfigurationSources(Optional.empty(), ConfigFactory.empty(), List.of());

        RpoException failure = assertThrows(
                RpoException.class, () -> ResolvedConfiguration.load(sources, List.of("rpo.output", "rpo.model.path")));

        assertEquals("""
                Cannot use the configuration: 2 keys are wrong.
                  rpo.model.path has no value; give it in a file, or as -D rpo.model.path=…
                  rpo.output has no value; give it in a file, or as -D rpo.output=…""", failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rpo.train { epochs = 1     | Cannot read the configuration: my.conf: 1:",
                "rpo.model.path = ${nowhere} | Cannot resolve the configuration: my.conf: 1: Could not resolve substitution",
            })
    void brokenFilesAreNamedWithTheLine(String text, String expected) {
        String message = refusal(folder, text);

        assertTrue(message.startsWith(expected), message);
    }

    @ParameterizedTest
    @CsvSource({
        "/nowhere/my.conf, there is no such file",
        "/, it is a folder",
        "file:///nowhere/my.conf, there is no such file"
    })
    void missingFilesAreNamed(String path, String expected) {
        RpoException failure = assertThrows(RpoException.class, () -> load(Optional.of(path), ConfigFactory.empty()));

        assertTrue(
                failure.getMessage().startsWith("Cannot read the configuration " + path + ": " + expected),
                failure.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"rpo.train.epochs", "=3", "rpo..epochs=1"})
    void brokenDefinitionsAreNamed(String definition) {
        RpoException failure = assertThrows(RpoException.class, () -> definitions(definition));

        assertTrue(failure.getMessage().startsWith("Cannot use -D " + definition + ": "), failure.getMessage());
    }

    @Test
    void uriNeedsNoQuotesOnTheCommandLine() {
        assertEquals(
                Optional.of("s3a://bucket/a#b:c"),
                definitions("rpo.model.path=s3a://bucket/a#b:c")
                        .settings()
                        .model()
                        .path());
        assertEquals(
                Optional.empty(),
                definitions("rpo.model.path=null").settings().model().path());
    }

    @Test
    void sparkKeysGoToSpark() {
        Map<String, String> spark = file(folder, """
                        spark { executor.memory = 4g, sql.shuffle.partitions = 8, speculation.interval = 1s, ui = null }
                        "spark.locality.wait" = 3s
                        spark.jars = [a.jar, b.jar]
                        """, "spark.executor.memory=5g", "spark.speculation=true")
                .spark();

        assertEquals(
                Map.of(
                        "spark.executor.memory", "5g",
                        "spark.sql.shuffle.partitions", "8",
                        "spark.speculation", "true",
                        "spark.speculation.interval", "1s",
                        "spark.locality.wait", "3s",
                        "spark.jars", "a.jar,b.jar"),
                spark);
    }

    @Test
    void theTextHoldsEveryKeyAndLoadsAgain() {
        ResolvedConfiguration first = file(
                folder,
                "rpo.train.learning-rate = 1e-4, rpo.output = \"a \\\"b\\\" # c\"",
                "rpo.train.epochs=3",
                "spark.speculation=true",
                "spark.speculation.interval=1s");

        ResolvedConfiguration second = file(folder, first.text());

        assertEquals(first.settings(), second.settings());
        assertEquals(first.spark(), second.spark());
        assertTrue(first.text().contains("\nrpo.train.epochs = \"3\"  # -D\n"), first.text());
        assertTrue(
                first.text().contains("\nrpo.train.learning-rate = 1.0E-4  # " + folder + "/my.conf: 1\n"),
                first.text());
        assertTrue(first.text().contains("\nrpo.train.optimizer = \"adamw\"\n"), first.text());
    }

    @Test
    void secretsAreNotWrittenDown() {
        String text = file(
                        folder,
                        "spark.hadoop.fs.s3a { secret.key = hush, access.key = AKIA }",
                        "rpo.model.path=s3a://AKIA:hush@bucket/m",
                        "spark.hadoop.fs.azure.account.key.me.dfs.core.windows.net=hush",
                        "spark.driver.extraJavaOptions=-Dx.password=hush",
                        "spark.executor.memory=4g")
                .text();

        assertFalse(text.contains("hush"), text);
        assertFalse(text.contains("AKIA"), text);
        assertTrue(text.contains("rpo.model.path = \"s3a://(redacted)@bucket/m\""), text);
        assertTrue(text.contains("\"spark.executor.memory\" = \"4g\""), text);
        assertTrue(text.contains("rpo.train.tokens-per-micro-batch = "), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fs.gs.auth.service.account.private.key",
                "fs.gs.auth.service.account.private.key.id",
                "fs.s3a.encryption.key",
                "fs.s3a.server-side-encryption.key",
                "fs.s3a.bucket.nightly.encryption.key",
                "fs.azure.sas.container.me.blob.core.windows.net",
                "fs.azure.sas.fixed.token",
                "fs.azure.account.oauth2.client.secret",
                "fs.azure.client.credential",
                "fs.store.passphrase",
                "fs.store.signature"
            })
    void noObjectStoresSecretIsWrittenDown(String key) {
        String text = file(folder, "", "spark.hadoop." + key + "=hush").text();

        assertFalse(text.contains("hush"), text);
        assertTrue(text.contains(key), text);
    }

    @Test
    void whereSecretsComeFromIsWrittenDown() {
        String text = file(folder, "", "spark.hadoop.fs.s3a.aws.credentials.provider=org.example.InstanceProfile")
                .text();

        assertTrue(text.contains("org.example.InstanceProfile"), text);
    }
}
