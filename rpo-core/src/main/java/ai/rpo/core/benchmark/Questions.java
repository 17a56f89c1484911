package ai.rpo.core.benchmark;

import ai.rpo.core.RpoException;
import ai.rpo.core.preference.UnfitRowException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Makes a task's rows into questions with their prompts. */
public final class Questions {

    private static final int[] MBPP_EXAMPLES = {2, 3, 4};

    private final BenchmarkTask task;
    private final int shots;
    private final OptionalInt limit;

    /**
     * @param shots examples in each prompt
     * @param limit takes the first rows alone, of each group where there are groups
     */
    public Questions(BenchmarkTask task, int shots, OptionalInt limit) {
        this.task = task;
        this.shots = shots;
        this.limit = limit;
    }

    /**
     * A row and where it stands.
     *
     * @param place in its file, from 0
     * @param where file and line, for a person
     */
    public record Located(int place, String where, ObjectNode row) {}

    private record Placed(Located row, Item item) {}

    /**
     * @param rows of the task's file
     * @param trainRows of the file with examples; empty where none was given
     * @throws RpoException where a row is not of the task's layout, or there are not enough examples
     */
    public List<Question> of(List<Located> rows, List<Located> trainRows) {
        List<Placed> asked = new ArrayList<>();
        for (Located row : rows) {
            if (isAsked(row)) {
                asked.add(new Placed(row, read(row)));
            }
        }
        ExamplePool examples = new ExamplePool(task.examples(), pool(rows, trainRows, asked), shots);
        Map<String, Integer> seen = new HashMap<>();
        List<Question> questions = new ArrayList<>();
        for (Placed placed : asked) {
            String group = placed.item.group();
            if (seen.merge(group, 1, Integer::sum) <= limit.orElse(Integer.MAX_VALUE)) {
                questions.add(question(placed, examples));
            }
        }
        return questions;
    }

    private Question question(Placed placed, ExamplePool pool) {
        Item item = placed.item;
        List<Prompt.Example> examples = pool.next(item).stream()
                .map(example -> new Prompt.Example(example.example(), example.answer()))
                .toList();
        List<Prompt> prompts = item.questions().stream()
                .map(question -> new Prompt(item.description(), examples, task.delimiter(), question))
                .toList();
        return new Question(task, placed.row.place, item.group(), prompts, item.solution());
    }

    private List<Item> pool(List<Located> rows, List<Located> trainRows, List<Placed> asked) {
        if (shots == 0) {
            return List.of();
        }
        List<Item> pool =
                switch (task.examples()) {
                    case NONE -> List.of();
                    case DRAWN, DRAWN_WITH_SPARE, FIRST_OF_GROUP ->
                        trainRows.stream().map(this::read).toList();
                    case DRAWN_FROM_OWN -> asked.stream().map(Placed::item).toList();
                    case FIXED -> fixed(trainRows.isEmpty() ? rows : trainRows);
                };
        int needed = task.examples().rowsFor(shots);
        if (task.examples() == ExamplePool.Choice.FIRST_OF_GROUP) {
            asked.stream().map(placed -> placed.item.group()).distinct().forEach(group -> {
                long found =
                        pool.stream().filter(item -> item.group().equals(group)).count();
                require(found, needed, " of " + group);
            });
        } else {
            require(pool.size(), needed, "");
        }
        return pool;
    }

    private void require(long found, int needed, String group) {
        if (found < needed) {
            throw RpoException.data(
                    "Cannot ask " + task.key() + " with " + shots + " examples in each prompt: there are "
                            + found + " rows" + group + " to choose them from, and " + needed
                            + " are needed. Lower rpo.benchmark.shots." + task.key() + ", or complete the file.");
        }
    }

    /** MBPP's examples are three rows of its own file, told by their numbers. */
    private List<Item> fixed(List<Located> rows) {
        List<Located> chosen = new ArrayList<>();
        for (Located row : rows) {
            int id = id(row);
            for (int example : MBPP_EXAMPLES) {
                if (id == example) {
                    chosen.add(row);
                }
            }
        }
        chosen.sort(Comparator.comparingInt(this::id));
        return chosen.stream().map(this::read).toList();
    }

    private int id(Located row) {
        try {
            return TaskRow.of(row.row).number("task_id");
        } catch (UnfitRowException e) {
            throw unfit(row, e);
        }
    }

    private boolean isAsked(Located row) {
        try {
            return task.isAsked(row.row);
        } catch (UnfitRowException e) {
            throw unfit(row, e);
        }
    }

    private Item read(Located row) {
        try {
            return task.read(row.row);
        } catch (UnfitRowException e) {
            throw unfit(row, e);
        }
    }

    private RpoException unfit(Located row, UnfitRowException e) {
        return RpoException.data("Cannot ask " + task.key() + ": " + row.where + " is no row of it, " + e.getMessage()
                + ". Get the file again: " + task.source() + ".");
    }
}
