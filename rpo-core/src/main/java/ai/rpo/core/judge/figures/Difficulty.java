package ai.rpo.core.judge.figures;

import ai.rpo.core.RpoException;
import ai.rpo.core.judge.Judgment;
import ai.rpo.core.judge.figures.LengthControl.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds how difficult each judgment's instruction is: by its place among the judgments, as AlpacaEval itself does, or by
 * its words.
 *
 * @param instructions of the evaluation set, in its order; places count where absent
 * @param allowMissing whether there may be fewer judgments than difficulties, where places count
 */
public record Difficulty(Optional<List<String>> instructions, boolean allowMissing) {

    /** @throws RpoException where the difficulties are those of other instructions */
    double[] of(List<Judgment> judgments, LengthControl control) {
        if (control.kind() == Kind.MINIMAL) {
            return new double[0];
        }
        double[] known = control.regularizer().orElseThrow().difficulties();
        return instructions.isPresent() ? byWords(judgments, known, instructions.get()) : byPlace(judgments, known);
    }

    private double[] byPlace(List<Judgment> judgments, double[] known) {
        int n = judgments.size();
        if (n > known.length || n < known.length && !allowMissing) {
            throw RpoException.configuration("Cannot control for length: there are " + n + " judgments of "
                    + judgments.get(0).subject().model() + " and " + known.length
                    + " difficulties, and they are matched by place. Set rpo.judge.length-control.by = instruction and"
                    + " name the evaluation set in rpo.judge.length-control.instructions"
                    + (n > known.length ? "." : ", or set rpo.judge.allow-missing = true to take the first of them."));
        }
        return Arrays.copyOf(known, n);
    }

    private static double[] byWords(List<Judgment> judgments, double[] known, List<String> instructions) {
        if (instructions.size() != known.length) {
            throw RpoException.configuration("Cannot control for length: there are " + instructions.size()
                    + " instructions in rpo.judge.length-control.instructions and " + known.length
                    + " difficulties in rpo.judge.length-control.regularizer. Give files of one evaluation set.");
        }
        Map<String, Double> byInstruction = new HashMap<>();
        for (int i = 0; i < known.length; i++) {
            byInstruction.put(instructions.get(i), known[i]);
        }
        double[] found = new double[judgments.size()];
        List<String> strange = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            String instruction = String.join("\n\n", judgments.get(i).subject().prompt());
            Double difficulty = byInstruction.get(instruction);
            if (difficulty == null) {
                strange.add(instruction);
            } else {
                found[i] = difficulty;
            }
        }
        if (!strange.isEmpty()) {
            throw RpoException.configuration("Cannot control for length: " + strange.size() + " of " + found.length
                    + " prompts are not among those of rpo.judge.length-control.instructions, the first of them \""
                    + strange.get(0).strip().lines().findFirst().orElse("")
                    + "\". Set rpo.judge.length-control.kind = minimal, which needs no difficulty.");
        }
        return found;
    }
}
