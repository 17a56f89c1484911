package ai.rpo.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.cluster.SparkHome.Submission;
import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code deploy/bin/submit-kubernetes} asks of an API server, up to the pods that a cluster would start. */
@Timeout(120)
class KubernetesIT {

    @TempDir
    Path work;

    private SparkHome spark;

    @BeforeEach
    void installSpark() throws Exception {
        spark = new SparkHome(work);
    }

    @Test
    void aDriverGetsAPodOfTheImageWithSecretsByName() throws Exception {
        try (ApiServer server = new ApiServer()) {
            Process submission = spark.start(
                    work.resolve("submit.log"),
                    "submit-kubernetes",
                    Map.of("KUBERNETES_MASTER", server.master(), "RPO_IMAGE", "registry/rpo:1"),
                    List.of(
                            "--conf",
                            "spark.kubernetes.driver.secretKeyRef.MLFLOW_TRACKING_TOKEN=rpo:mlflow-token",
                            "--",
                            "retrain",
                            "--config",
                            "s3a://bucket/nightly.conf"));
            List<JsonNode> properties;
            try {
                properties = server.await("ConfigMap", 1, submission); // which is made after the pod
            } finally {
                submission.destroyForcibly().waitFor();
            }
            assertEquals(1, properties.size(), () -> SparkHome.read(work.resolve("submit.log")));

            Pod pod = KubernetesYaml.read(server.made("Pod").get(0), Pod.class);
            assertEquals("rpo", pod.getMetadata().getNamespace());
            assertEquals("rpo", pod.getSpec().getServiceAccountName());
            Container driver = pod.getSpec().getContainers().get(0);
            assertEquals("registry/rpo:1", driver.getImage());
            assertTrue(driver.getCommand().isEmpty(), "the image has an entry point");
            List<String> arguments = driver.getArgs();
            assertEquals("driver", arguments.get(0));
            assertEquals(
                    List.of(
                            "ai.rpo.jobs.Main",
                            "local:///opt/rpo/jars/rpo.jar",
                            "retrain",
                            "--config",
                            "s3a://bucket/nightly.conf"),
                    arguments.subList(arguments.indexOf("--class") + 1, arguments.size()));
            assertEquals("9216", driver.getResources().getLimits().get("memory").getAmount(), "4 + 4 + 1 gigabytes");
            EnvVar token = driver.getEnv().stream()
                    .filter(variable -> variable.getName().equals("MLFLOW_TRACKING_TOKEN"))
                    .findFirst()
                    .orElseThrow();
            assertNull(token.getValue());
            assertEquals("rpo", token.getValueFrom().getSecretKeyRef().getName());
            assertEquals("mlflow-token", token.getValueFrom().getSecretKeyRef().getKey());

            String executors = properties.get(0).at("/data/spark.properties").asText();
            assertTrue(executors.contains("\nspark.kubernetes.container.image=registry/rpo\\:1\n"), executors);
            assertTrue(executors.contains("--add-modules\\=jdk.incubator.vector"), executors);
        }
    }

    @Test
    void aDriverInAPodAsksForItsExecutorsWithTheirGpus() throws Exception {
        Path model = SparkHome.CHECKOUT.resolve("rpo-core/src/test/resources/families/llama");
        Path pairs = Files.writeString(
                work.resolve("pairs.jsonl"),
                "{\"prompt_ids\": [1, 3], \"chosen_ids\": [4, 2], \"rejected_ids\": [5, 2]}\n".repeat(8));
        try (ApiServer server = new ApiServer()) {
            server.addPod("rpo", "rpo-nightly-1");
            Process driver = spark.start(
                    work.resolve("driver.log"),
                    "submit-kubernetes",
                    inPod(server),
                    List.of(
                            "--conf",
                            "spark.ui.enabled=false",
                            "--conf",
                            "spark.executor.resource.gpu.amount=1",
                            "--conf",
                            "spark.executor.resource.gpu.vendor=nvidia.com",
                            "--conf",
                            "spark.executor.resource.gpu.discoveryScript=/opt/rpo/deploy/bin/discover-gpus",
                            "--conf",
                            "spark.task.resource.gpu.amount=1",
                            "--conf",
                            "spark.kubernetes.executor.secretKeyRef.MLFLOW_TRACKING_TOKEN=rpo:mlflow-token",
                            "--",
                            "prepare",
                            "-D",
                            "rpo.output=" + work.resolve("out"),
                            "-D",
                            "rpo.model.path=" + model,
                            "-D",
                            "rpo.data.train=" + pairs));
            try {
                List<JsonNode> pods = server.await("Pod", 2, driver);
                assertEquals(2, pods.size(), () -> SparkHome.read(work.resolve("driver.log")));
                for (JsonNode json : pods) {
                    Pod pod = KubernetesYaml.read(json, Pod.class);
                    assertEquals(
                            "rpo-nightly-1",
                            pod.getMetadata().getOwnerReferences().get(0).getName());
                    Container executor = pod.getSpec().getContainers().get(0);
                    assertEquals("registry/rpo:1", executor.getImage());
                    assertEquals(List.of("executor"), executor.getArgs());
                    assertEquals(
                            "1",
                            executor.getResources()
                                    .getLimits()
                                    .get("nvidia.com/gpu")
                                    .getAmount());
                    assertEquals(
                            "13312",
                            executor.getResources().getLimits().get("memory").getAmount(),
                            "4 + 8 + 1");
                    assertEquals(
                            "4",
                            executor.getResources().getRequests().get("cpu").getAmount());
                    assertTrue(executor.getEnv().stream()
                            .anyMatch(variable -> variable.getName().equals("MLFLOW_TRACKING_TOKEN")
                                    && variable.getValueFrom().getSecretKeyRef() != null));
                }
            } finally {
                driver.destroyForcibly().waitFor();
            }
        }
    }

    /** By which a job of Kubernetes, or a workflow of Argo, knows what to try again. */
    @Test
    void aDriverInAPodEndsWithItsExitCode() throws Exception {
        try (ApiServer server = new ApiServer()) {
            server.addPod("rpo", "rpo-nightly-1");
            Submission submission =
                    spark.submit("submit-kubernetes", inPod(server), List.of("train", "-D", "rpo.train.epoch=2"));
            assertEquals(2, submission.exitCode(), submission.log());
            assertTrue(submission.log().contains("rpo.train.epochs"), submission.log());
            assertEquals(List.of(), server.made("Pod"));
        }
    }

    private static Map<String, String> inPod(ApiServer server) {
        return Map.of(
                "KUBERNETES_MASTER", server.master(),
                "RPO_IMAGE", "registry/rpo:1",
                "RPO_POD_NAME", "rpo-nightly-1",
                "RPO_POD_IP", "127.0.0.1",
                "RPO_JAR", System.getProperty("rpo.application.jar"));
    }
}
