package ai.rpo.jobs.demo;

import ai.rpo.core.Progress;
import ai.rpo.jobs.report.GoldRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Grades policies on prompts that no training saw, all with the same random numbers. */
final class Grading {

    private static final double TEMPERATURE = 1;
    private static final int SHOWN = 12;

    private final Function<Path, Respondent> models;
    private final List<String> prompts;
    private final long seed;

    /**
     * @param models opens a model folder
     * @param prompts letters of the unseen prompts
     */
    Grading(Function<Path, Respondent> models, List<String> prompts, long seed) {
        this.models = models;
        this.prompts = List.copyOf(prompts);
        this.seed = seed;
    }

    /** Mean gold reward of a model's answers. */
    double gold(Path model) {
        return mean(answers(model));
    }

    /**
     * @param base gold reward of the starting model
     * @param checkpoints one an epoch, in order
     */
    GoldRecord grade(double base, List<Path> checkpoints, Progress progress) {
        List<GoldRecord.Epoch> epochs = new ArrayList<>(List.of(new GoldRecord.Epoch(0, base)));
        List<Answer> answers = List.of();
        for (Path checkpoint : checkpoints) {
            progress.update("grade", epochs.size() - 1, checkpoints.size());
            answers = answers(checkpoint);
            epochs.add(new GoldRecord.Epoch(epochs.size(), mean(answers)));
        }
        progress.update("grade", checkpoints.size(), checkpoints.size());
        List<GoldRecord.Sample> samples = new ArrayList<>();
        for (int i = 0; i < Math.min(SHOWN, answers.size()); i++) {
            Answer answer = answers.get(i);
            samples.add(new GoldRecord.Sample(
                    LetterWorld.prompt(prompts.get(i)), answer.text(), answer.finished(), answer.gold(prompts.get(i))));
        }
        return new GoldRecord(prompts.size(), TEMPERATURE, epochs, samples);
    }

    private List<Answer> answers(Path model) {
        return models.apply(model).answers(prompts, seed);
    }

    private double mean(List<Answer> answers) {
        double sum = 0;
        for (int i = 0; i < answers.size(); i++) {
            sum += answers.get(i).gold(prompts.get(i));
        }
        return sum / answers.size();
    }
}
