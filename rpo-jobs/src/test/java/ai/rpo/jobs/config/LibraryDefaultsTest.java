package ai.rpo.jobs.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.rpo.core.model.LoraSettings;
import ai.rpo.core.objective.RpoObjective;
import ai.rpo.core.train.OuterSettings;
import ai.rpo.core.train.TrainSettings;
import ai.rpo.spark.prepare.DataSettings;
import java.util.List;
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
    }
}
