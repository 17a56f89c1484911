package ai.rpo.spark.prepare;

import ai.rpo.core.preference.RowFormats;
import ai.rpo.core.text.StraddlePolicy;
import ai.rpo.core.text.Truncation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where the data come from and what becomes of them; the keys of {@code rpo.data}.
 *
 * @param train files, folders or globs; JSON lines, JSON arrays or Parquet
 * @param eval held-out data of the same kinds; none where empty
 * @param evalFraction share of the training prompts that is held out instead
 * @param maxLength the most tokens of a prompt with either completion; the model's context where absent
 * @param format name of the format of every row; recognised row by row where absent
 * @param onStraddle what becomes of a completion that begins inside a token of the prompt
 * @param truncation what becomes of a row above {@code maxLength}
 * @param maxRejectedFraction share of the rows above which leaving rows out stops the job
 */
public record DataSettings(
        List<String> train,
        List<String> eval,
        double evalFraction,
        OptionalInt maxLength,
        Optional<String> format,
        StraddlePolicy onStraddle,
        Truncation truncation,
        double maxRejectedFraction) {

    public DataSettings {
        train = List.copyOf(train);
        eval = List.copyOf(eval);
        List<String> problems = new ArrayList<>();
        if (!(evalFraction >= 0 && evalFraction < 1)) {
            problems.add("eval-fraction must be at least 0 and below 1, but is " + evalFraction);
        }
        if (evalFraction > 0 && !eval.isEmpty()) {
            problems.add("eval-fraction must be 0 where eval is given, but is " + evalFraction);
        }
        if (maxLength.isPresent() && maxLength.getAsInt() < 2) {
            problems.add("max-length must be at least 2, but is " + maxLength.getAsInt());
        }
        if (!(maxRejectedFraction >= 0 && maxRejectedFraction <= 1)) {
            problems.add("max-rejected-fraction must lie between 0 and 1, but is " + maxRejectedFraction);
        }
        format.filter(name -> RowFormats.named(name).isEmpty())
                .ifPresent(name -> problems.add(
                        "format must be one of " + String.join(", ", RowFormats.names()) + ", but is " + name));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }
}
