package ai.rpo.jobs.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.model.LoraSettingsBuilder;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.core.train.TrainSettingsBuilder;
import ai.rpo.spark.api.CompletionSampler;
import ai.rpo.spark.prepare.DataSettings;
import ai.rpo.spark.prepare.DataSettingsBuilder;
import ai.rpo.spark.reference.ScoreSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a Spark program does not set is what a configuration does not set. */
class LibraryDefaultsTest {

    private final Settings configured = ConfigurationFixture.definitions().settings();

    @Test
    void buildersStartFromReferenceConf() {
        assertEquals(
                configured.train().toBuilder().outer(OuterSettings.average()).build(),
                TrainSettings.builder().build());
        assertEquals(configured.data(), DataSettings.builder(List.of()).build());
    }

    @Test
    void theTrainersOwnDefaultsAreThoseOfReferenceConf() {
        assertEquals(configured.objective(), new RpoObjective());
        assertEquals(configured.lora(), LoraSettings.OFF);
        assertEquals(configured.lora(), LoraSettings.builder().build());
        assertEquals(configured.reference().tokensPerBatch(), ScoreSettings.USUAL_TOKENS_PER_BATCH);
        assertEquals(configured.generate().completionsAtOnce(), CompletionSampler.USUAL_AT_ONCE);
        assertEquals(configured.generate().seed(), CompletionSampler.USUAL_SEED);
    }

    /** Its names are the builders' setters, written as Python writes them. */
    @Test
    void thePythonPackageKnowsTheBuildersKeys() throws IOException {
        String python = Files.readString(Path.of("../python/rpo_spark/_jvm.py"));
        Set<String> training = keys(python, "train");
        training.addAll(Set.of("outer", "resources")); // records of their own, which Python does not set
        assertEquals(setters(TrainSettingsBuilder.class), training);
        Set<String> adapter = keys(python, "lora");
        adapter.addAll(Set.of("rank", "alpha")); // arguments of their own
        assertEquals(setters(LoraSettingsBuilder.class), adapter);
        Set<String> unknown = keys(python, "data");
        unknown.removeAll(setters(DataSettingsBuilder.class));
        assertEquals(Set.of(), unknown);
    }

    private static Set<String> setters(Class<?> builder) {
        return Stream.of(builder.getDeclaredMethods())
                .filter(method -> method.getReturnType() == builder)
                .map(method -> method.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> keys(String python, String section) {
        int start = python.indexOf("    \"" + section + "\": {");
        String body = python.substring(start, python.indexOf("    },", start));
        return Pattern.compile("\"(\\w+)\": [_\\w]")
                .matcher(body)
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
