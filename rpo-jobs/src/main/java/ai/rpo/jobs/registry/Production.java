package ai.rpo.jobs.registry;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Says which version is in production, and how that came about.
 *
 * @param version in production; 0 for none
 * @param token of the lease under which this was written
 * @param history every change, oldest first
 */
record Production(int version, long token, List<Change> history) {

    static final Production NONE = new Production(0, 0, List.of());

    /**
     * One change.
     *
     * @param version in production from then on
     * @param at when
     * @param rollback whether it took back the change before it, rather than promoted a version
     */
    record Change(int version, String at, boolean rollback) {}

    Production {
        history = List.copyOf(history);
        int last = history.isEmpty() ? 0 : history.get(history.size() - 1).version();
        if (version != last) {
            throw new IllegalArgumentException(
                    "it names version " + version + ", but its history ends with version " + last);
        }
    }

    Production promote(int next, long lease, String now) {
        return with(new Change(next, now, false), lease);
    }

    /** Goes back to {@link #before}. */
    Production rollback(long lease, String now) {
        return with(new Change(before().orElseThrow(), now, true), lease);
    }

    /**
     * The version that was in production before this one was promoted; a rollback undoes a promotion, as if it had not
     * been.
     */
    Optional<Integer> before() {
        Deque<Integer> promoted = new ArrayDeque<>();
        for (Change change : history) {
            if (change.rollback()) {
                promoted.pop();
            } else {
                promoted.push(change.version());
            }
        }
        return promoted.stream().skip(1).findFirst();
    }

    private Production with(Change change, long lease) {
        List<Change> changes = new ArrayList<>(history);
        changes.add(change);
        return new Production(change.version(), lease, changes);
    }
}
