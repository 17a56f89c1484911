package ai.rpo.jobs.config;

import static ai.rpo.jobs.config.ConfigurationFixture.definitions;
import static ai.rpo.jobs.config.ConfigurationFixture.file;
import static ai.rpo.jobs.config.ConfigurationFixture.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.objective.BatchSize;
import ai.rpo.core.objective.ExampleLogps;
import ai.rpo.core.objective.Ipo;
import ai.rpo.core.objective.Metric;
import ai.rpo.core.objective.Objective;
import ai.rpo.core.objective.Outcome;
import ai.rpo.core.objective.PreferencePair;
import ai.rpo.core.objective.RobustDpo;
import ai.rpo.core.objective.RpoObjective;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectiveKeysTest {

    @TempDir
    Path folder;

    @Test
    void theNameChoosesTheRecord() {
        assertEquals(new RpoObjective(), definitions().settings().objective());
        assertEquals(
                new RobustDpo(0.2, 0.3),
                file(folder, "rpo.objective { name = robust, beta = 0.2, label-smoothing = 0.3 }")
                        .settings()
                        .objective());
    }

    @Test
    void whatNoObjectiveIsCalledIsRefused() {
        assertEquals(
                "Cannot use the configuration: rpo.objective.name must be one of rpo, ipo, dpo-positive, chi-po, robust,"
                        + " sft, but is \"kto\" (my.conf: 1).",
                refusal(folder, "rpo.objective.name = kto"));
    }

    @Test
    void aKeyOfAnotherObjectiveIsRefusedAndAnUnknownOneNamesTheNearest() {
        assertEquals(
                """
                Cannot use the configuration: 3 keys are wrong.
                  rpo.objective.eta is no key of the objective ipo, which has beta (my.conf: 1)
                  rpo.objective.label-smothing is unknown; did you mean rpo.objective.label-smoothing? (my.conf: 1)
                  rpo.objective.regularizer.weight is no key of the objective ipo, which has beta (-D)""",
                refusal(
                        folder,
                        "rpo.objective { name = ipo, eta = 1, label-smothing = 0.1 }",
                        "rpo.objective.regularizer.weight=eta"));
    }

    @Test
    void whatItsRecordRefusesIsReportedWithThePlace() {
        assertEquals(
                "Cannot use the configuration: rpo.objective.label-smoothing must be at least 0 and below 0.5, but is 0.5"
                        + " (my.conf: 1).",
                refusal(folder, "rpo.objective { name = robust, label-smoothing = 0.5 }"));
    }

    @Test
    void aCheckpointIsChosenByAMetricOfTheObjective() {
        assertEquals(
                "Cannot use the configuration: rpo.selection.metric must be one of loss, loss/preference, loss/sft,"
                        + " rewards/accuracies, rewards/margins, logps/chosen, gold, proxy, but is rewards/chosen"
                        + " (my.conf: 1).",
                refusal(folder, "rpo.selection.metric = rewards/chosen"));
        assertEquals(
                "Cannot use the configuration: rpo.selection.metric must be one of loss, rewards/accuracies,"
                        + " rewards/margins, logps/chosen, gold, proxy, but is loss/sft (my.conf: 1).",
                refusal(folder, "rpo { objective.name = ipo, selection.metric = loss/sft }"));
    }

    @Test
    void whatIsWrittenDownHasTheKeysThatCountAndLoadsAgain() {
        ResolvedConfiguration ipo = definitions("rpo.objective.name=ipo", "rpo.objective.beta=0.2");
        assertTrue(ipo.text().contains("\nrpo.objective.name = \"ipo\"  # -D\n"), ipo.text());
        assertFalse(ipo.text().contains("rpo.objective.eta"), ipo.text());
        assertEquals(new Ipo(0.2), file(folder, ipo.text()).settings().objective());
    }

    /** Its jar brings the class and the line that names it, and no more. */
    @Test
    void aUsersObjectiveHasItsKeys() throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(Objective.class.getName()), OfAUser.class.getName());
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader user = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(user);
            assertEquals(
                    new OfAUser(0.01, 2.5),
                    definitions("rpo.objective.name=of-a-user").settings().objective());
            ResolvedConfiguration other = file(folder, "rpo.objective { name = of-a-user, my-target = 7 }");
            assertEquals(new OfAUser(0.01, 7), other.settings().objective());
            assertTrue(other.text().contains("\nrpo.objective.my-target = 7  # "), other.text());
            assertFalse(definitions().text().contains("my-target"));
            assertEquals(
                    "Cannot use the configuration: rpo.objective.my-targt is unknown; did you mean"
                            + " rpo.objective.my-target? (my.conf: 1).",
                    refusal(folder, "rpo.objective { name = of-a-user, my-targt = 7 }"));
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    /** As a user writes one. */
    public record OfAUser(double beta, double myTarget) implements Objective {

        /** Gives the defaults. */
        public OfAUser() {
            this(9, 2.5);
        }

        @Override
        public String name() {
            return "of-a-user";
        }

        @Override
        public String describe() {
            return "distance from " + myTarget;
        }

        @Override
        public Needs needs() {
            return Needs.PAIR;
        }

        @Override
        public List<Metric> metrics() {
            return PreferencePair.METRICS;
        }

        @Override
        public Outcome evaluate(ExampleLogps example, BatchSize batch) {
            PreferencePair pair = PreferencePair.of(example);
            double distance = pair.margin(beta) - myTarget;
            return pair.outcome(beta, distance * distance, 2 * beta * distance, -2 * beta * distance, batch);
        }
    }
}
