package ai.rpo.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.batch.v1.CronJob;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Manifests have the fields and types of the API, and tell the exit codes apart. */
class ManifestsTest {

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Map.of(
            "Namespace", Namespace.class,
            "ServiceAccount", ServiceAccount.class,
            "Role", Role.class,
            "RoleBinding", RoleBinding.class,
            "CronJob", CronJob.class);

    /** Configuration, data, a gate: a person has to look first. */
    private static final List<Integer> NOT_WORTH_RETRYING = List.of(2, 3, 4);

    @ParameterizedTest
    @ValueSource(strings = {"kubernetes/access.yaml", "kubernetes/nightly.yaml"})
    void fitTheSchemasOfTheApi(String file) throws Exception {
        List<JsonNode> documents = KubernetesYaml.documents(file);
        assertTrue(!documents.isEmpty(), file);
        for (JsonNode document : documents) {
            Class<? extends HasMetadata> type = KINDS.get(document.path("kind").asText());
            HasMetadata read = KubernetesYaml.read(document, type);
            String expected = HasMetadata.getApiVersion(type).replaceFirst("^/", "");
            assertEquals(expected, read.getApiVersion(), document.toString());
            assertTrue(
                    read instanceof Namespace || "rpo".equals(read.getMetadata().getNamespace()));
        }
    }

    @Test
    void aFieldThatTheApiDoesNotHaveIsFound() throws Exception {
        JsonNode job = KubernetesYaml.documents("kubernetes/nightly.yaml").get(0);
        ((ObjectNode) job.at("/spec/jobTemplate/spec/template/spec/containers/0")).put("imagePullPolice", "Always");
        assertThrows(MismatchedInputException.class, () -> KubernetesYaml.read(job, CronJob.class));
    }

    @Test
    void theNightlyJobIsNotTriedAgainWhereAPersonHasToLook() throws Exception {
        JobSpec job = KubernetesYaml.read(
                        KubernetesYaml.documents("kubernetes/nightly.yaml").get(0), CronJob.class)
                .getSpec()
                .getJobTemplate()
                .getSpec();
        var rule = job.getPodFailurePolicy().getRules().get(0);
        assertEquals("FailJob", rule.getAction());
        assertEquals(NOT_WORTH_RETRYING, rule.getOnExitCodes().getValues());
        Container container = job.getTemplate().getSpec().getContainers().get(0);
        assertEquals(container.getName(), rule.getOnExitCodes().getContainerName());
        assertEquals("Never", job.getTemplate().getSpec().getRestartPolicy(), "what a failure policy asks for");
    }

    @Test
    void theWorkflowOfArgoRunsTheSameContainer() throws Exception {
        List<JsonNode> documents = KubernetesYaml.documents("schedule/argo.yaml");
        JsonNode workflow = documents.get(0);
        assertEquals("argoproj.io/v1alpha1 CronWorkflow", apiVersionAndKind(workflow));
        JsonNode template = workflow.at("/spec/workflowSpec/templates/0");
        assertEquals(workflow.at("/spec/workflowSpec/entrypoint"), template.path("name"));
        assertEquals(
                "!(asInt(lastRetry.exitCode) in " + NOT_WORTH_RETRYING + ")",
                template.at("/retryStrategy/expression").asText());

        Container container = KubernetesYaml.read(template.path("container"), Container.class);
        container.setName("rpo");
        CronJob nightly = KubernetesYaml.read(
                KubernetesYaml.documents("kubernetes/nightly.yaml").get(0), CronJob.class);
        assertEquals(
                nightly.getSpec()
                        .getJobTemplate()
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers(),
                List.of(container));
        assertEquals(workflow.at("/spec/schedule").asText(), nightly.getSpec().getSchedule());
        for (JsonNode right : documents.subList(1, documents.size())) {
            KubernetesYaml.read(right, KINDS.get(right.path("kind").asText()));
        }
    }

    private static String apiVersionAndKind(JsonNode document) {
        return document.path("apiVersion").asText() + " "
                + document.path("kind").asText();
    }
}
