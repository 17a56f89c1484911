package ai.rpo.jobs.pipeline;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Annotations;
import ai.rpo.core.judge.Judgment;
import ai.rpo.core.judge.JudgmentRows;
import ai.rpo.core.judge.Protocol;
import ai.rpo.core.judge.Samples;
import ai.rpo.spark.gauge.Rater;
import ai.rpo.spark.judge.Judge;
import ai.rpo.spark.store.SmallFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.hadoop.fs.Path;

/**
 * Has a judge or a program grade completions, and leaves its words in {@code judgments}.
 *
 * @param questions paths of rows that may have right answers
 * @param allowMissing whether completions without a verdict are left out
 */
record JudgeRater(Asking asking, List<String> questions, boolean allowMissing) implements Rater {

    /**
     * Looks for what would stop the grading, as far as that needs neither a model nor Spark.
     *
     * @throws RpoException where there is something
     */
    void check() {
        asking.check(allowMissing);
        if (asking.protocol().isPairwise()) {
            throw RpoException.configuration("Cannot take the gold reward from rpo.judge.protocol = "
                    + asking.protocol().name()
                    + ": it holds two answers against each other, and a checkpoint's are measured alone. Use one that grades"
                    + " answers, such as mt-bench-single.");
        }
    }

    @Override
    public List<Rated> rate(Path completions, Path output, Progress progress) {
        Map<String, List<String>> references = Samples.references(String.join(", ", questions), asking.read(questions));
        List<Samples> prompts =
                Samples.read(completions.toString(), asking.read(List.of(completions.toString())), references);
        Judge judge = asking.open(allowMissing);
        List<List<Judgment>> judged = asking.judge(judge, prompts, progress);
        Protocol protocol = asking.protocol();
        Path words = new Path(output, "judgments");
        new SmallFile(words, asking.place().spark().hadoop())
                .write(JudgmentRows.lines(new Annotations(
                        protocol.name(),
                        judge.name(),
                        protocol.promptSha256(),
                        judged.stream().flatMap(List::stream).toList())));
        return rated(prompts, judged, words);
    }

    private List<Rated> rated(List<Samples> prompts, List<List<Judgment>> judged, Path words) {
        List<Rated> rated = new ArrayList<>();
        long missing = 0;
        for (int i = 0; i < prompts.size(); i++) {
            for (OptionalDouble reward : prompts.get(i).rewards(judged.get(i))) {
                if (reward.isPresent()) {
                    rated.add(new Rated(prompts.get(i).ordinal(), reward.getAsDouble()));
                } else {
                    missing++;
                }
            }
        }
        if (rated.isEmpty() || missing > 0 && !allowMissing) {
            throw RpoException.data(
                    "Cannot gauge: " + missing + " of " + (rated.size() + missing)
                            + " completions have no verdict; " + words
                            + " has the judge's words. Run the command again to repeat"
                            + " questions without an answer, or set rpo.judge.allow-missing = true to leave such completions out.");
        }
        return rated;
    }
}
