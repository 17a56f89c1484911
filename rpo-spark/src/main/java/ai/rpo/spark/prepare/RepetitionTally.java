package ai.rpo.spark.prepare;

import ai.rpo.core.preference.Findings;
import java.io.Serializable;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import org.apache.spark.sql.Row;

/** Counts the repetitions among the pairs of some prompts, holding nothing of more than one of them. */
final class RepetitionTally implements Serializable {

    private static final long serialVersionUID = 1L;

    private final Count duplicates = new Count();
    private final Count conflicts = new Count();
    private final Count leaked = new Count();
    private ComparisonGraph graph = ComparisonGraph.EMPTY;

    /**
     * One kept pair; completions are told by hashes.
     *
     * @param low the smaller hash of the two completions
     * @param high the larger one
     * @param forward whether the smaller one is the chosen one's
     */
    private record Pair(long prompt, long low, long high, boolean forward, boolean heldOut, Place place) {

        /** @param row of {@link Repetition}'s columns */
        private static Pair of(Row row) {
            return new Pair(
                    row.getLong(0),
                    row.getLong(1),
                    row.getLong(2),
                    row.getBoolean(3),
                    row.getBoolean(4),
                    new Place(row.getInt(5), row.getLong(6)));
        }
    }

    /** Says where a row stands; later rows are larger. */
    record Place(int file, long line) implements Comparable<Place>, Serializable {

        private static final Place BEFORE_ALL = new Place(-1, 0);

        @Override
        public int compareTo(Place other) {
            return Comparator.comparingInt(Place::file)
                    .thenComparingLong(Place::line)
                    .compare(this, other);
        }

        private Place orLater(Place other) {
            return compareTo(other) >= 0 ? this : other;
        }
    }

    /** Rows, and where the last row of each of the first groups stands. */
    static final class Count implements Serializable {

        private static final long serialVersionUID = 1L;

        private long rows;
        private final TreeSet<Place> first = new TreeSet<>();

        private void add(long more, Place last) {
            rows += more;
            keep(last);
        }

        private void add(Count other) {
            rows += other.rows;
            other.first.forEach(this::keep);
        }

        private void keep(Place place) {
            first.add(place);
            if (first.size() > Findings.EXAMPLES) {
                first.pollLast();
            }
        }

        Repetition.Kind of(List<DataFile> files) {
            return new Repetition.Kind(
                    rows,
                    first.stream()
                            .map(place ->
                                    Findings.example(files.get(place.file()).path(), place.line(), ""))
                            .toList());
        }
    }

    /** Rows of one group that have been read. */
    private static final class Group {

        private long forward;
        private long backward;
        private long heldOut;
        private Place last = Place.BEFORE_ALL;

        private void add(Pair pair) {
            forward += pair.forward ? 1 : 0;
            backward += pair.forward ? 0 : 1;
            heldOut += pair.heldOut ? 1 : 0;
            last = last.orLater(pair.place);
        }

        private long rows() {
            return forward + backward;
        }

        /** Rows that repeat another one. */
        private long again() {
            return Math.max(forward - 1, 0) + Math.max(backward - 1, 0);
        }
    }

    /**
     * @param sorted {@link Repetition}'s columns, sorted by prompt and both completions
     */
    static RepetitionTally of(Iterator<Row> sorted) {
        RepetitionTally tally = new RepetitionTally();
        Pair before = null;
        Group samePair = new Group();
        Group samePrompt = new Group();
        ComparisonGraph.OfPrompt promptGraph = new ComparisonGraph.OfPrompt();
        while (sorted.hasNext()) {
            Pair pair = Pair.of(sorted.next());
            boolean otherPrompt = before != null && before.prompt != pair.prompt;
            if (otherPrompt || before != null && (before.low != pair.low || before.high != pair.high)) {
                tally.addPairs(samePair);
                samePair = new Group();
            }
            if (otherPrompt) {
                tally.addPrompt(samePrompt, promptGraph);
                samePrompt = new Group();
                promptGraph = new ComparisonGraph.OfPrompt();
            }
            if (!pair.heldOut) {
                promptGraph.add(pair.forward ? pair.low : pair.high, pair.forward ? pair.high : pair.low);
            }
            samePair.add(pair);
            samePrompt.add(pair);
            before = pair;
        }
        tally.addPairs(samePair);
        tally.addPrompt(samePrompt, promptGraph);
        return tally;
    }

    private void addPairs(Group same) {
        if (same.again() > 0) {
            duplicates.add(same.again(), same.last);
        }
        if (same.forward > 0 && same.backward > 0) {
            conflicts.add(same.rows(), same.last);
        }
    }

    private void addPrompt(Group same, ComparisonGraph.OfPrompt promptGraph) {
        graph = graph.plus(promptGraph.graph());
        if (same.heldOut > 0 && same.heldOut < same.rows()) {
            leaked.add(same.heldOut, same.last);
        }
    }

    void add(RepetitionTally other) {
        duplicates.add(other.duplicates);
        conflicts.add(other.conflicts);
        leaked.add(other.leaked);
        graph = graph.plus(other.graph);
    }

    Count duplicates() {
        return duplicates;
    }

    Count conflicts() {
        return conflicts;
    }

    Count leaked() {
        return leaked;
    }

    /** Gives the graph of the training pairs. */
    ComparisonGraph graph() {
        return graph;
    }
}
