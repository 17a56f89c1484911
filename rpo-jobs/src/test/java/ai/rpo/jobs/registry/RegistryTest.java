package ai.rpo.jobs.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import ai.rpo.core.RpoException.Kind;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.Lease;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryTest {

    private final Configuration hadoop = new Configuration();

    @TempDir
    Path folder;

    @Test
    void aVersionTellsWhereItCameFrom() throws IOException {
        Version first = register("one", "models/base", "a.jsonl");
        Version second = register("two", first.model().toString(), "b.jsonl");

        assertEquals(List.of(1, 2), numbers());
        Provenance known = registry().version(2).provenance();
        assertEquals(1, known.parent());
        assertEquals(second.provenance(), known);
        assertEquals(Map.of("a.jsonl", "3 bytes", "b.jsonl", "3 bytes"), known.data(), "its parent's among them");
        assertEquals(Map.of("train_rows", 12L, "steps", 3L), known.counts());
        assertEquals(0.75, known.mean("rewards/accuracies").orElseThrow());
        assertEquals(
                List.of("model/config.json", "model/more/chat.jinja", "resolved.conf"),
                List.copyOf(known.files().keySet()));
        // printf '{"trained":"two"}' | sha256sum
        assertEquals(
                "2d063c23accea78ff17e7b5da36bc6f4",
                known.files().get("model/config.json").sha256().substring(0, 32));
        assertEquals(
                "{\"trained\":\"two\"}", Files.readString(local(second.model()).resolve("config.json")));
        assertEquals(List.of(), registry().verify());
    }

    @Test
    void theModelOfARunIsRegisteredOnce() throws IOException {
        register("one", "models/base", "a.jsonl");
        assertEquals(1, registry().register(Candidate.of(run("one"))).number());
        assertEquals(List.of(1), numbers());
    }

    @Test
    void anEvaluationOfAnotherModelIsNotTakenForThisOne() throws IOException {
        RunDirectory run = finished("one", "models/base", "a.jsonl");
        publish(run, "train", "train", Map.of("rpo.train.epochs", "9"), Map.of(), Map.of("steps", 9L));

        assertEquals(Map.of(), Candidate.of(run).metrics());
    }

    @Test
    void productionIsPromotedAndRolledBackStepByStep() throws IOException {
        for (String run : List.of("one", "two", "three")) {
            register(run, "models/base", "a.jsonl");
        }
        Registry registry = registry();
        assertEquals(Optional.empty(), registry.production());
        assertEquals(Optional.empty(), registry.promote(1, Optional.of(0)));
        assertEquals(Optional.of(1), registry.promote(2, Optional.of(1)));
        assertEquals(Optional.of(2), registry.promote(3, Optional.empty()));
        assertEquals(2, registry.rollback());
        assertEquals(1, registry.rollback());
        assertTrue(
                refused(Kind.CONFIGURATION, registry::rollback).contains("nothing was in production before version 1"));

        registry.promote(3, Optional.empty());
        assertEquals(1, registry.rollback(), "what was rolled back before does not come back");
        assertEquals(1, registry().production().orElseThrow().number());
    }

    @Test
    void aPromotionThatWasOvertakenIsRefused() throws IOException {
        register("one", "models/base", "a.jsonl");
        register("two", "models/base", "a.jsonl");
        registry().promote(1, Optional.of(0));

        String message = refused(Kind.RETRYABLE, () -> registry().promote(2, Optional.of(0)));
        assertTrue(message.contains("version 1 is in production now, and it was made to follow no version"), message);
        assertEquals(Optional.of(1), registry().productionNumber());
    }

    @Test
    void whileOneWritesAnotherIsRefused() throws IOException {
        Candidate candidate = Candidate.of(finished("one", "models/base", "a.jsonl"));
        Registry registry = Registry.openOrMake(path(), "0.1.0", hadoop);
        try (Lease other = Lease.acquire(new org.apache.hadoop.fs.Path(path(), "lease"), "retrain", hadoop)) {
            assertTrue(
                    refused(Kind.RETRYABLE, () -> registry.register(candidate)).contains("the command retrain on "));
            other.check();
        }
        assertEquals(1, registry.register(candidate).number());
    }

    @Test
    void damageIsFoundAndNamed() throws IOException {
        Version first = register("one", "models/base", "a.jsonl");
        Version second = register("two", "models/base", "a.jsonl");
        register("three", "models/base", "a.jsonl");
        Files.writeString(local(first.model()).resolve("config.json"), "{\"trained\":\"six\"}");
        Files.writeString(local(first.model()).resolve("new.txt"), "new");
        Files.delete(local(first.folder()).resolve("resolved.conf"));
        Path provenance = local(second.folder()).resolve("provenance.json");
        Files.writeString(provenance, Files.readString(provenance).replace("0.75", "0.95"));
        Files.writeString(folder.resolve("registry/versions/000003/manifest.json"), "{");

        assertEquals(
                List.of(
                        "version 1: model/config.json was changed or is damaged",
                        "version 1: model/new.txt was added",
                        "version 1: resolved.conf is gone",
                        "version 2: provenance.json is not what the manifest says",
                        "version 3: manifest.json or provenance.json is damaged"),
                registry().verify());
        assertEquals(List.of(1, 2, 3), numbers());
        assertTrue(refused(Kind.DATA, () -> registry().promote(2, Optional.empty()))
                .contains("provenance.json is not what the manifest says"));
    }

    @Test
    void oldVersionsLoseTheirWeightsAndKeepTheirNumberAndProvenance() throws IOException {
        for (String run : List.of("one", "two", "three", "four", "five")) {
            register(run, "models/base", "a.jsonl");
        }
        Registry registry = registry();
        registry.promote(1, Optional.empty());
        registry.promote(3, Optional.empty());

        assertEquals(List.of(2, 4), registry.prune(1), "3 is in production, a rollback needs 1, 5 is the newest");
        assertFalse(Files.exists(local(registry.version(2).model())));
        assertEquals("models/base", registry.version(2).provenance().startedFrom());
        assertEquals(List.of(), registry.verify());
        assertTrue(refused(Kind.CONFIGURATION, () -> registry.promote(2, Optional.empty()))
                .contains("it was pruned, so its weights are gone"));
        assertEquals(6, register("six", "models/base", "a.jsonl").number());
    }

    @Test
    void aPointerToAPrunedOrMissingVersionIsFound() throws IOException {
        register("one", "models/base", "a.jsonl");
        Version second = register("two", "models/base", "a.jsonl");
        registry().promote(1, Optional.empty());
        registry().promote(2, Optional.empty());
        Files.writeString(local(second.folder()).resolve("pruned.json"), "{}");
        assertTrue(refused(Kind.CONFIGURATION, () -> registry().production()).contains("it was pruned"));
        assertEquals(1, registry().verify().size());

        Files.delete(local(second.folder()).resolve("manifest.json"));
        assertTrue(refused(Kind.DATA, () -> registry().production()).contains("names version 2, which is gone"));
        assertEquals(3, register("three", "models/base", "a.jsonl").number(), "its number is not given again");

        Files.writeString(
                folder.resolve("registry/production.json"), "{\"version\": 7, \"token\": 1, \"history\": []}");
        assertTrue(refused(Kind.DATA, () -> registry().production()).contains("a production.json of it is damaged"));
    }

    @Test
    void aRegistryOfALaterProgramIsNotTouched() throws IOException {
        register("one", "models/base", "a.jsonl");
        Files.writeString(folder.resolve("registry/registry.json"), "{\"layout\": 2, \"program\": \"0.9.0\"}");

        String message = refused(Kind.CONFIGURATION, this::registry);
        assertTrue(message.contains("it has layout 2 and was written by rpo 0.9.0"), message);
        assertEquals(message, refused(Kind.CONFIGURATION, () -> Registry.openOrMake(path(), "0.1.0", hadoop)));
    }

    @Test
    void aFolderOfOtherThingsIsNoRegistry() throws IOException {
        assertTrue(refused(Kind.CONFIGURATION, this::registry).contains("there is none"));
        Files.createDirectories(folder.resolve("registry/photos"));
        assertTrue(refused(Kind.CONFIGURATION, () -> Registry.openOrMake(path(), "0.1.0", hadoop))
                .contains("it holds other things, such as photos"));
    }

    @Test
    void aRunWithoutAModelCannotBeRegistered() {
        assertTrue(
                refused(Kind.CONFIGURATION, () -> Candidate.of(run("none"))).contains("no finished training is there"));
    }

    @Test
    void whatAKilledRegistrationLeftIsReplaced() throws IOException {
        Files.createDirectories(folder.resolve("registry/versions/000001/model"));
        Files.writeString(folder.resolve("registry/versions/000001/model/half"), "of it");
        Files.writeString(folder.resolve("registry/registry.json"), "{\"layout\": 1, \"program\": \"0.1.0\"}");

        assertEquals(List.of(), numbers());
        assertEquals(1, register("one", "models/base", "a.jsonl").number());
        assertEquals(List.of(), registry().verify());
    }

    private Version register(String run, String startedFrom, String data) throws IOException {
        return Registry.openOrMake(path(), "0.1.0", hadoop).register(Candidate.of(finished(run, startedFrom, data)));
    }

    /** A run directory as training and evaluation leave it. */
    private RunDirectory finished(String name, String startedFrom, String data) throws IOException {
        RunDirectory run = run(name);
        Path model = Files.createDirectories(folder.resolve(name + "/model/more"));
        Files.writeString(model.resolve("chat.jinja"), "{{ messages }}");
        Files.writeString(model.resolveSibling("config.json"), "{\"trained\":\"" + name + "\"}");
        run.file("resolved.conf").write("rpo.model.path = \"" + startedFrom + "\"\n");
        Map<String, String> fingerprint = Map.of("rpo.train.epochs", "1");
        publish(run, "data", "prepare", Map.of(), Map.of(data, "3 bytes"), Map.of("train_rows", 12L));
        publish(run, "train", "train", fingerprint, Map.of(), Map.of("steps", 3L));
        publish(run, "eval", "evaluate", fingerprint, Map.of(), Map.of());
        run.file("eval/metrics.json")
                .write("{\"rewards/accuracies\": {\"mean\": 0.75, \"low\": 0.5, \"high\": 0.9}, \"pairs\": 4}");
        return run;
    }

    private static void publish(
            RunDirectory run,
            String artifact,
            String stage,
            Map<String, String> fingerprint,
            Map<String, String> inputs,
            Map<String, Long> counts) {
        run.artifact(artifact)
                .publish(new Manifest(stage, "0.1.0", Instant.EPOCH, new Fingerprint(fingerprint), counts, inputs));
    }

    private static String refused(Kind kind, org.junit.jupiter.api.function.Executable work) {
        RpoException refusal = assertThrows(RpoException.class, work);
        assertEquals(kind, refusal.kind(), refusal.getMessage());
        return refusal.getMessage();
    }

    private RunDirectory run(String name) {
        return new RunDirectory(
                new org.apache.hadoop.fs.Path(folder.resolve(name).toString()), hadoop);
    }

    private Registry registry() {
        return Registry.open(path(), "0.1.0", hadoop);
    }

    private List<Integer> numbers() {
        return registry().versions().stream().map(Version::number).toList();
    }

    private String path() {
        return folder.resolve("registry").toString();
    }

    private static Path local(org.apache.hadoop.fs.Path path) {
        return Path.of(path.toUri().getPath());
    }
}
