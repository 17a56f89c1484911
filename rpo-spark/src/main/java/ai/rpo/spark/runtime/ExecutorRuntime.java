package ai.rpo.spark.runtime;

import ai.rpo.core.tensor.Backends;
import ai.rpo.core.text.TemplateChoice;
import ai.rpo.core.text.Tokenizer;
import ai.rpo.core.text.TokenizerFiles;
import ai.rpo.spark.device.ExecutorDevice;
import ai.rpo.spark.device.LostDevice;
import ai.rpo.spark.runtime.Role.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;

/**
 * Holds what an executor JVM computes with: weights that are only read, tokenizers, and workers that score, generate and
 * train, each lent to one task at a time. Of each kind it keeps workers of one model; those that wait are let go where
 * another kind needs another model's weights, or training needs the memory.
 */
public final class ExecutorRuntime {

    private static final String BACKEND = "spark.rpo.backend"; // auto, cuda, cpu or nd4j

    private static final ExecutorRuntime INSTANCE = new ExecutorRuntime(ExecutorDevice.ofThisMachine());

    private record TokenizerKey(TokenizerFiles files, List<String> versions, TemplateChoice chatTemplate) {}

    private final ExecutorDevice device;
    private final LoadedWeights weights = new LoadedWeights();
    private final Map<TokenizerKey, Tokenizer> tokenizers = new ConcurrentHashMap<>();
    private final Map<Kind, Waiting<?, ?>> waiting = new EnumMap<>(Kind.class);
    private final Map<Object, Guest<?>> guests = new HashMap<>(); // by the key of their role

    ExecutorRuntime(ExecutorDevice device) {
        this.device = device;
    }

    public static ExecutorRuntime ofThisJvm() {
        return INSTANCE;
    }

    /** Keeps the workers of one role that no task has, and what they share. */
    private static final class Waiting<S, W> {

        private final Role<S, W> role;
        private final S shared;
        private final Deque<W> workers = new ArrayDeque<>();

        Waiting(Role<S, W> role, S shared) {
            this.role = role;
            this.shared = shared;
        }
    }

    /** Is a worker that somebody else owns. */
    private static final class Guest<W> {

        private final W worker;
        private volatile boolean free = true;

        Guest(W worker) {
            this.worker = worker;
        }
    }

    /**
     * Lends a worker: one that was lodged, one that waits, or a new one.
     *
     * @throws ai.rpo.core.RpoException if the task may not compute here, or the model cannot be loaded
     */
    public <S, W> Loan<W> borrow(Role<S, W> role) {
        claimDevice();
        Optional<Loan<W>> guest = guest(role);
        if (guest.isPresent()) {
            makeRoom(role.kind());
            return guest.get();
        }
        Waiting<S, W> ours;
        W idle;
        synchronized (this) {
            ours = waiting(role);
            idle = ours.workers.poll();
        }
        W worker = idle == null ? role.worker(ours.shared) : idle;
        makeRoom(role.kind());
        return new Loan<>(worker, usable -> giveBack(ours, worker, usable));
    }

    /** Leaves a worker of the caller's own to tasks of a role, one at a time, in place of workers that would be made. */
    public synchronized <W> void lodge(Role<?, W> role, W worker) {
        guests.put(role.key(), new Guest<>(worker));
    }

    /** Lends what was lodged for a role no more; what is on loan may be in use until its task ends. */
    public synchronized void evict(Role<?, ?> role) {
        guests.remove(role.key());
    }

    private synchronized <W> Optional<Loan<W>> guest(Role<?, W> role) {
        @SuppressWarnings("unchecked") // equal keys are of roles of one type
        Guest<W> guest = (Guest<W>) guests.get(role.key());
        if (guest == null) {
            return Optional.empty();
        }
        if (!guest.free) {
            throw new IllegalStateException("a task of the same role has not ended, or not well");
        }
        guest.free = false;
        return Optional.of(new Loan<>(guest.worker, usable -> guest.free = usable));
    }

    private void makeRoom(Kind kind) {
        if (kind == Kind.TRAIN) {
            letGo(Kind.SCORE); // only now: the model that scored may be the one under the adapter
            letGo(Kind.GENERATE);
        }
    }

    @SuppressWarnings("unchecked") // equal keys are of roles of one type
    private <S, W> Waiting<S, W> waiting(Role<S, W> role) {
        Waiting<?, ?> found = waiting.get(role.kind());
        if (found != null && found.role.key().equals(role.key())) {
            return (Waiting<S, W>) found;
        }
        letGo(role.kind());
        for (Kind other : new Kind[] {Kind.SCORE, Kind.GENERATE}) {
            if (waiting.containsKey(other) && !waiting.get(other).role.weights().equals(role.weights())) {
                letGo(other);
            }
        }
        Waiting<S, W> made = new Waiting<>(role, role.load(this));
        waiting.put(role.kind(), made);
        return made;
    }

    private synchronized <S, W> void giveBack(Waiting<S, W> from, W worker, boolean usable) {
        if (usable && waiting.get(from.role.kind()) == from) {
            from.workers.push(worker);
        } else {
            from.role.close(worker);
        }
    }

    /** Lets workers that wait go, with their memory; those that are on loan go when they come back. */
    public synchronized void letGo(Kind kind) {
        close(waiting.remove(kind));
    }

    /** Lets workers that wait go, if it is those of a key. */
    public synchronized void letGo(Kind kind, Object key) {
        if (waiting.containsKey(kind) && waiting.get(kind).role.key().equals(key)) {
            letGo(kind);
        }
    }

    private static <S, W> void close(Waiting<S, W> waiting) {
        if (waiting != null) {
            waiting.workers.forEach(waiting.role::close);
        }
    }

    /** Claims the GPU that Spark gave this task, and minds who is to compute; to be called before it computes anything. Borrowing does. */
    public void claimDevice() {
        preferBackend();
        device.claimForThisTask();
        LostDevice.endsExecutorOfThisTask();
    }

    /** Minds who is to compute in this JVM. */
    public void preferBackend() {
        SparkEnv environment = SparkEnv.get();
        if (environment != null) {
            Backends.prefer(environment.conf().get(BACKEND, Backends.AUTO));
        }
    }

    /** Shares the weights of models that nobody changes. */
    public LoadedWeights weights() {
        return weights;
    }

    /** Opens a tokenizer once for all tasks; where one of its files, or a template, was edited, it is another one. */
    public Tokenizer tokenizer(TokenizerFiles files, TemplateChoice chatTemplate) {
        return tokenizers.computeIfAbsent(
                new TokenizerKey(files, files.versions(), chatTemplate), key -> Tokenizer.open(files, chatTemplate));
    }
}
