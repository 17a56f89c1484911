package ai.rpo.spark.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.rpo.core.RpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeaseTest {

    private static final Duration BEAT = Duration.ofMillis(50);

    @TempDir
    java.nio.file.Path work;

    @ParameterizedTest
    @ValueSource(strings = {"file", "aside", "s3a"})
    void aSecondProcessIsRefusedAndNamedTheFirst(String store) {
        try (Lease first = lease(store, "train")) {
            first.check();
            RpoException refused = assertThrows(RpoException.class, () -> lease(store, "score"));
            assertEquals(RpoException.Kind.RETRYABLE, refused.kind());
            assertTrue(refused.getMessage().contains("the command train on "), refused.getMessage());
            first.check();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"file", "aside", "s3a"})
    void whoeverComesAfterTheEndGetsAHigherToken(String store) {
        lease(store, "train").close();
        try (Lease second = lease(store, "train")) {
            assertEquals(2, second.token());
            second.check();
        }
    }

    @Test
    void aHolderOfThisMachineWhoseProcessIsGoneIsReplacedAtOnce() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        LeaseHolder self = LeaseHolder.thisProcess("somebody", "train");
        write(new LeaseHolder("somebody", "train", self.host(), self.machine(), gone.pid(), 1, 3));
        long began = System.nanoTime();
        try (Lease lease = Lease.acquire(folder("file"), "train", Duration.ofSeconds(5), new Configuration())) {
            assertEquals(8, lease.token());
            assertTrue(System.nanoTime() - began < 4_000_000_000L, "waited");
        }
    }

    /** The start of a process that lives seems another after the machine's clock was set. */
    @Test
    void aProcessOfAnotherStartIsWatched() {
        LeaseHolder self = LeaseHolder.thisProcess("somebody", "train");
        LeaseHolder moved = new LeaseHolder("somebody", "train", self.host(), self.machine(), self.process(), 1, 3);
        assertFalse(moved.isKnownAlive());
        assertFalse(moved.isKnownDead());
    }

    /** Whatever the clocks say: the file's time lies a day ahead. */
    @Test
    void aHolderElsewhereWhoGivesNoSignIsReplacedAndCanPublishNothingMore() throws IOException {
        write(new LeaseHolder("somebody", "train", "elsewhere", "elsewhere", 17, 1, 3));
        Files.setLastModifiedTime(
                work.resolve("lease/00000007.json"), FileTime.from(Instant.now().plus(Duration.ofDays(1))));
        try (Lease lease = lease("file", "train")) {
            assertEquals(8, lease.token());
        }
    }

    @Test
    void aHolderElsewhereWhoGivesASignStays() throws Exception {
        LeaseHolder elsewhere = new LeaseHolder("somebody", "train", "elsewhere", "elsewhere", 17, 1, 3);
        write(elsewhere);
        Thread alive = new Thread(() -> {
            try {
                Thread.sleep(BEAT.toMillis() * 2);
                write(elsewhere.next());
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        alive.start();
        RpoException refused = assertThrows(RpoException.class, () -> lease("file", "train"));
        assertTrue(refused.getMessage().contains("elsewhere"), refused.getMessage());
        alive.join();
    }

    @Test
    void aHolderElsewhereWhoLetsGoIsFollowedAtOnce() throws Exception {
        LeaseHolder elsewhere = new LeaseHolder("somebody", "train", "elsewhere", "elsewhere", 17, 1, 3);
        write(elsewhere);
        CompletableFuture<Void> end = CompletableFuture.runAsync(
                () -> write(elsewhere.released()),
                CompletableFuture.delayedExecutor(BEAT.toMillis(), TimeUnit.MILLISECONDS));
        try (Lease lease = lease("file", "train")) {
            assertEquals(8, lease.token());
        }
        end.join();
    }

    /** Otherwise others would take the holder for dead. */
    @Test
    @Timeout(60)
    void signsGoOnAfterTheStoreDidNotAnswerForAWhile() throws Exception {
        try (Lease lease = lease("s3a", "score")) {
            FakeStores.answering(false);
            try {
                assertEquals(
                        RpoException.Kind.RETRYABLE,
                        assertThrows(RpoException.class, lease::check).kind());
                Thread.sleep(3 * BEAT.toMillis());
            } finally {
                FakeStores.answering(true);
            }
            long beat = beat();
            while (beat() == beat) {
                Thread.sleep(5);
            }
            lease.check();
        }
    }

    private long beat() throws IOException {
        return LeaseHolder.fromJson(Files.readString(work.resolve("lease/00000001.json")))
                .beat();
    }

    /** A process that was suspended comes back after another has taken its place. */
    @ParameterizedTest
    @ValueSource(strings = {"file", "aside", "s3a"})
    void aLateHolderPublishesNothing(String store) throws IOException {
        Lease late = lease(store, "train");
        LeaseHolder next = new LeaseHolder("another", "train", "elsewhere", "elsewhere", 17, 1, 0);
        Files.writeString(work.resolve("lease/00000002.json"), next.toJson());

        ArtifactDirectory artifact =
                new ArtifactDirectory(new Path(store + "://" + work.resolve("data")), late, FakeStores.configuration());
        Manifest manifest = new Manifest("train", "1", Instant.now(), new Fingerprint(Map.of()), Map.of());
        RpoException refused = assertThrows(RpoException.class, () -> artifact.publish(manifest));
        assertTrue(refused.getMessage().contains("elsewhere (process 17) has taken over"), refused.getMessage());
        assertTrue(artifact.manifest().isEmpty());
        assertThrows(RpoException.class, artifact::clear, "it may be the other's by now");
        late.close();
        assertEquals(next, LeaseHolder.fromJson(Files.readString(work.resolve("lease/00000002.json"))));
    }

    /** Where a store lets both create the same file, the content that stayed decides. */
    @Test
    void oneOfTwoWhoCreatedTheSameLeaseHoldsIt() throws IOException {
        Lease one = lease("s3a", "train");
        Files.writeString(
                work.resolve("lease/00000001.json"),
                new LeaseHolder("another", "train", "elsewhere", "elsewhere", 17, 1, 0).toJson());
        assertThrows(RpoException.class, one::check);
    }

    @Test
    void aDamagedLeaseIsWatchedLikeAnyOther() throws IOException {
        Files.createDirectories(work.resolve("lease"));
        Files.writeString(work.resolve("lease/00000007.json"), "{");
        try (Lease lease = lease("file", "train")) {
            assertEquals(8, lease.token());
            try (var files = Files.list(work.resolve("lease"))) {
                assertEquals(
                        List.of("00000008.json"),
                        files.map(f -> f.getFileName().toString()).toList());
            }
        }
    }

    private void write(LeaseHolder holder) {
        new SmallFile(new Path(work.resolve("lease/00000007.json").toUri()), new Configuration())
                .write(holder.toJson());
    }

    private Lease lease(String store, String command) {
        // Long enough that a beat of its own does not hide what a test writes.
        Duration beat = command.equals("train") ? Duration.ofMillis(200) : BEAT;
        return Lease.acquire(folder(store), command, beat, FakeStores.configuration());
    }

    private Path folder(String store) {
        return new Path(store + "://" + work.resolve("lease"));
    }
}
