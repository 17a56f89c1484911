package ai.rpo.core.benchmark;

import ai.rpo.core.random.PythonRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Chooses the examples of prompts as lm-evaluation-harness does: one generator serves a task's questions in their order,
 * so a question's examples depend on how many came before it.
 */
final class ExamplePool {

    /** Says which rows serve as few-shot examples. */
    enum Choice {
        /** Drawn from the training rows. */
        DRAWN,
        /** Drawn from the training rows, one more than is shown: for tasks whose publisher keeps the test split's answers. */
        DRAWN_WITH_SPARE,
        /** Drawn from the task's own rows, of which a spare one replaces the one that is asked. */
        DRAWN_FROM_OWN,
        /** The first of the training rows that belong to the same group. */
        FIRST_OF_GROUP,
        /** The first of a fixed few. */
        FIXED,
        /** There are none. */
        NONE;

        /** Rows that there have to be for so many examples. */
        int rowsFor(int count) {
            return this == DRAWN_WITH_SPARE || this == DRAWN_FROM_OWN ? count + 1 : count;
        }
    }

    private static final long SEED = 1234;

    private final Choice choice;
    private final List<Item> pool;
    private final int count;
    private final PythonRandom random = PythonRandom.seeded(SEED);

    /**
     * @param count examples of each question; the pool has as many, of each group where they are chosen by group
     */
    ExamplePool(Choice choice, List<Item> pool, int count) {
        this.choice = choice;
        this.pool = pool;
        this.count = count;
    }

    List<Item> next(Item asked) {
        if (count == 0) {
            return List.of();
        }
        return switch (choice) {
            case NONE -> List.of();
            case DRAWN -> drawn(pool, count);
            case FIXED -> pool.subList(0, count);
            case FIRST_OF_GROUP ->
                pool.stream()
                        .filter(item -> item.group().equals(asked.group()))
                        .limit(count)
                        .toList();
            case DRAWN_WITH_SPARE, DRAWN_FROM_OWN -> fromOthers(asked);
        };
    }

    /** The question itself may be among those drawn; where its row is there twice, both are, and all is drawn again. */
    private List<Item> fromOthers(Item asked) {
        List<Item> drawn = without(asked, drawn(pool, choice.rowsFor(count)));
        return drawn.size() < count ? drawn(without(asked, pool), count) : drawn.subList(0, count);
    }

    private static List<Item> without(Item asked, List<Item> items) {
        List<Item> others = new ArrayList<>(items);
        others.removeIf(asked::equals);
        return others;
    }

    private List<Item> drawn(List<Item> items, int k) {
        return Arrays.stream(random.sample(items.size(), k))
                .mapToObj(items::get)
                .toList();
    }
}
