package ai.rpo.core.preference;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Counts what was wrong with the rows that were left out: how many for each reason, and the first few of each.
 */
public final class Findings {

    /** Examples kept for each reason. */
    public static final int EXAMPLES = 5;

    /** One unfit row. */
    public record Example(RowPosition position, String detail) {

        @Override
        public String toString() {
            return detail.isEmpty() ? position.toString() : position + " (" + detail + ")";
        }
    }

    /** All rows that were unfit for one reason. */
    public record Finding(long count, List<Example> examples) {}

    public static Example example(String file, long line, String detail) {
        return new Example(new RowPosition(file, line), detail);
    }

    private final Map<Reason, Finding> byReason = new EnumMap<>(Reason.class);

    /**
     * Adds rows that were counted elsewhere.
     *
     * @param examples the first of them, in the input's order
     */
    public void add(Reason reason, long count, List<Example> examples) {
        Finding soFar = byReason.getOrDefault(reason, new Finding(0, List.of()));
        List<Example> first = new ArrayList<>(soFar.examples());
        examples.stream().limit(EXAMPLES - first.size()).forEach(first::add);
        byReason.put(reason, new Finding(soFar.count() + count, List.copyOf(first)));
    }

    public void add(Reason reason, Example example) {
        add(reason, 1, List.of(example));
    }

    public long total() {
        return byReason.values().stream().mapToLong(Finding::count).sum();
    }

    /** Gives them by reason, in the order of {@link Reason}. */
    public Map<Reason, Finding> byReason() {
        return Collections.unmodifiableMap(byReason);
    }

    /** A line for each reason, the most frequent first: count, what is wrong, and the first example. */
    public String summary() {
        return byReason.entrySet().stream()
                .sorted(Comparator.comparingLong(entry -> -entry.getValue().count()))
                .map(entry -> entry.getValue().count() + " × " + entry.getKey().description() + ", first at "
                        + entry.getValue().examples().get(0))
                .collect(Collectors.joining("\n"));
    }
}
