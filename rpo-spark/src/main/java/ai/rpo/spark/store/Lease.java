package ai.rpo.spark.store;

import ai.rpo.core.RpoException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write to a run directory, held by one process at a time.
 *
 * <p>Each lease is a file whose name is a number, the fencing token; the highest holds. Whoever wants to hold creates the
 * next one, which only one can do where files are created atomically; where they are not (S3), both may create it, and the
 * one whose content stayed holds. A holder rewrites its own file at intervals and no other, and looks whether it is still
 * the highest before it publishes.
 *
 * <p>No times are compared between machines: a holder is taken for dead if its process is known to be gone, or if its file
 * does not change while the other watches it, by its own clock, for several intervals.
 */
public final class Lease implements Fence, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);
    private static final Duration BEAT = Duration.ofSeconds(5);
    private static final int MISSED_BEATS = 6;

    private final Path folder;
    private final long token;
    private final Configuration hadoop;
    private final ScheduledExecutorService timer;
    private LeaseHolder self;

    private Lease(Path folder, long token, LeaseHolder self, Duration beat, Configuration hadoop) {
        this.folder = folder;
        this.token = token;
        this.self = self;
        this.hadoop = hadoop;
        timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "lease");
            thread.setDaemon(true);
            return thread;
        });
        timer.scheduleAtFixedRate(this::renew, beat.toMillis(), beat.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * Waits at most half a minute, and only where nobody can tell whether the holder is alive.
     *
     * @param folder for the lease's files
     * @param command that will write, for whoever else wants to
     * @throws RpoException if another process holds the directory
     */
    public static Lease acquire(Path folder, String command, Configuration hadoop) {
        return acquire(folder, command, BEAT, hadoop);
    }

    static Lease acquire(Path folder, String command, Duration beat, Configuration hadoop) {
        try {
            FileSystem store = Stores.open(folder, hadoop);
            store.mkdirs(folder);
            long last = lastToken(folder, hadoop);
            if (last > 0) {
                requireGone(folder, last, beat, hadoop);
            }
            LeaseHolder self = LeaseHolder.thisProcess(UUID.randomUUID().toString(), command);
            long token = last + 1;
            create(file(folder, token), self.toJson(), hadoop);
            Lease lease = new Lease(folder, token, self, beat, hadoop);
            try {
                lease.check();
            } catch (RpoException e) {
                lease.timer.shutdownNow();
                throw e;
            }
            lease.deleteOlder();
            return lease;
        } catch (FileAlreadyExistsException | java.nio.file.FileAlreadyExistsException e) {
            throw refusal(folder, "another process has just begun there");
        } catch (IOException e) {
            throw StoreFailure.of("write to", folder, e);
        }
    }

    /**
     * Who was seen to hold a folder.
     *
     * @param holder such as "the command train on host (process 17)"
     * @param mayLive whether its process is there, or on a machine of which nobody here can tell
     * @param isHere whether it is a process of this machine
     */
    public record Sign(String holder, boolean mayLive, boolean isHere) {

        @Override
        public String toString() {
            String life = !mayLive ? "is gone" : isHere ? "lives" : "is on another machine";
            return holder + ", which " + life;
        }
    }

    /** Looks who holds a folder, and changes nothing; empty if nobody does. */
    public static Optional<Sign> look(Path folder, Configuration hadoop) {
        long last = lastToken(folder, hadoop);
        return last == 0
                ? Optional.empty()
                : holder(folder, last, hadoop)
                        .filter(holder -> !holder.isReleased())
                        .map(holder -> new Sign(
                                holder.toString(),
                                !holder.isKnownDead(),
                                holder.isKnownAlive() || holder.isKnownDead()));
    }

    /** The number of this lease; later ones are higher. */
    public long token() {
        return token;
    }

    @Override
    public void check() {
        loss().ifPresent(why -> {
            throw refusal(folder, why);
        });
    }

    /** Says why this lease does not hold any more, if it does not. */
    private Optional<String> loss() {
        long last = lastToken(folder, hadoop);
        Optional<LeaseHolder> holder = holder(folder, last, hadoop);
        boolean holds = last == token
                && holder.filter(h -> h.owner().equals(self.owner())).isPresent();
        return holds
                ? Optional.empty()
                : Optional.of(holder.map(h -> h + " has taken over, while this one gave no sign")
                        .orElse("its lease is gone"));
    }

    /** Lets the next process in at once. */
    @Override
    public synchronized void close() {
        if (self.isReleased()) {
            return;
        }
        timer.shutdownNow();
        try {
            check();
            self = self.released();
            new SmallFile(file(folder, token), hadoop).write(self.toJson());
        } catch (RpoException e) {
            LOG.warn("{}", e.getMessage());
        }
    }

    /**
     * Never over another's: on some stores two processes may have created the same file. A store that does not answer is
     * asked again at the next beat.
     */
    private synchronized void renew() {
        try {
            Optional<String> loss = loss();
            if (loss.isPresent()) {
                LOG.warn("{}", refusal(folder, loss.get()).getMessage());
                timer.shutdown();
                return;
            }
            self = self.next();
            new SmallFile(file(folder, token), hadoop).write(self.toJson());
        } catch (RuntimeException e) {
            LOG.warn("The lease of {} could not be renewed: {}", folder, e.getMessage());
        }
    }

    private static void requireGone(Path folder, long token, Duration beat, Configuration hadoop) {
        Optional<LeaseHolder> first = holder(folder, token, hadoop);
        if (first.isEmpty() || first.get().isReleased() || first.get().isKnownDead()) {
            return;
        }
        if (first.get().isKnownAlive()) {
            throw refusal(folder, first.get() + " works there");
        }
        LOG.warn("{} holds {}; watching whether it is alive.", first.get(), folder);
        long began = System.nanoTime();
        while (System.nanoTime() - began < beat.toNanos() * MISSED_BEATS) {
            try {
                Thread.sleep(Math.max(1, beat.toMillis() / 5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
            Optional<LeaseHolder> now = holder(folder, token, hadoop);
            if (now.isPresent() && now.get().isReleased()) {
                return;
            }
            if (now.isPresent() && now.get().beat() != first.get().beat()) {
                throw refusal(folder, first.get() + " works there");
            }
        }
        LOG.warn("{} gave no sign for {} s and is taken for dead.", first.get(), beat.toSeconds() * MISSED_BEATS);
    }

    private static RpoException refusal(Path folder, String why) {
        return new RpoException(
                RpoException.Kind.RETRYABLE,
                "Cannot write to " + folder.getParent() + ": " + why
                        + ". Wait until it has ended, or name another folder.");
    }

    private static long lastToken(Path folder, Configuration hadoop) {
        try {
            return Arrays.stream(Stores.open(folder, hadoop).listStatus(folder))
                    .map(FileStatus::getPath)
                    .filter(path -> path.getName().matches("\\d+\\.json"))
                    .map(Lease::tokenOf)
                    .max(Comparator.naturalOrder())
                    .orElse(0L);
        } catch (FileNotFoundException e) {
            return 0;
        } catch (IOException e) {
            throw StoreFailure.of("read", folder, e);
        }
    }

    private static Optional<LeaseHolder> holder(Path folder, long token, Configuration hadoop) {
        return new SmallFile(file(folder, token), hadoop).read().map(LeaseHolder::fromJson);
    }

    private void deleteOlder() throws IOException {
        FileSystem store = Stores.open(folder, hadoop);
        for (FileStatus each : store.listStatus(folder)) {
            if (each.getPath().getName().matches("\\d+\\.json") && tokenOf(each.getPath()) < token) {
                store.delete(each.getPath(), false);
            }
        }
    }

    private static long tokenOf(Path file) {
        return Long.parseLong(file.getName().replace(".json", ""));
    }

    private static Path file(Path folder, long token) {
        return new Path(folder, String.format(Locale.ROOT, "%08d.json", token));
    }

    /** Fails if the file is there, atomically where the store can. */
    private static void create(Path file, String text, Configuration hadoop) throws IOException {
        FileSystem store = Stores.open(file, hadoop);
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        if (store.getUri().getScheme().equals("file")) {
            Files.write(
                    java.nio.file.Path.of(store.makeQualified(file).toUri().getPath()),
                    content,
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
            return;
        }
        try (OutputStream out = store.create(file, false)) {
            out.write(content);
        }
    }
}
