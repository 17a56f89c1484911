package ai.rpo.spark.benchmark;

import ai.rpo.core.RpoException;
import ai.rpo.core.benchmark.BenchmarkTask;
import ai.rpo.spark.store.InputFiles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * The files of a task.
 *
 * @param questions with the rows that are asked
 * @param examples with the rows that examples are chosen from; empty where there are none, or they are among the questions
 */
public record TaskFiles(String questions, List<String> examples) {

    private static final List<String> ENDINGS = List.of(".jsonl", ".jsonl.gz");

    /**
     * Finds them in a folder, or says what to put there.
     *
     * @param shots examples in each prompt
     * @throws RpoException if one is missing
     */
    public static TaskFiles of(BenchmarkTask task, int shots, String folder, Configuration hadoop) {
        List<String> questionNames = names(task, List.of("_test", ""));
        String questions = find(questionNames, folder, hadoop)
                .orElseThrow(() -> missing("the questions", task, questionNames, folder));
        List<String> exampleNames = names(task, List.of("_train"));
        if (shots == 0 || !task.hasExamples()) {
            return new TaskFiles(questions, List.of());
        }
        List<String> examples = find(exampleNames, folder, hadoop).stream().toList();
        if (examples.isEmpty() && task.takesExamplesFromTrain()) {
            throw missing("the examples", task, exampleNames, folder);
        }
        return new TaskFiles(questions, examples);
    }

    /** All of them, to tell whether they have changed. */
    public List<String> all() {
        return Stream.concat(Stream.of(questions), examples.stream()).toList();
    }

    private static List<String> names(BenchmarkTask task, List<String> parts) {
        List<String> names = new ArrayList<>();
        for (String name : task.fileNames()) {
            for (String part : parts) {
                ENDINGS.forEach(ending -> names.add(name + part + ending));
            }
        }
        return names;
    }

    private static Optional<String> find(List<String> names, String folder, Configuration hadoop) {
        InputFiles files = InputFiles.inFolder(folder, names::contains, hadoop);
        return files.files().stream()
                .map(file -> file.getPath())
                .min(Comparator.comparingInt(path -> names.indexOf(path.getName())))
                .map(Object::toString);
    }

    private static RpoException missing(String what, BenchmarkTask task, List<String> names, String folder) {
        return RpoException.configuration("Cannot find " + what + " of " + task.key() + ": " + folder + " has none of "
                + String.join(", ", names) + ". Put the file there under one of these names: " + task.source() + ".");
    }
}
