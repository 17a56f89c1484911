package ai.rpo.core.judge;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Holds judgments with what they were made by.
 *
 * @param protocol by which the judge was asked
 * @param judge its name
 * @param promptSha256 of the prompt texts; empty where they are not known
 * @param judgments in the order in which they were made
 */
public record Annotations(String protocol, String judge, String promptSha256, List<Judgment> judgments) {

    public Annotations {
        judgments = List.copyOf(judgments);
    }

    /** Holds what one row of a file says. */
    record Row(String protocol, String judge, String promptSha256, Judgment judgment) {}

    /**
     * Judgments made elsewhere: AlpacaEval's {@code annotations.json}, FastChat's pairwise and single judgments, or
     * this project's own, recognised row by row.
     *
     * @param source what to call the file in messages
     * @throws RpoException where a row is none of these, is a repetition, or was made by another judge or protocol
     */
    public static Annotations read(String source, List<ObjectNode> rows) {
        List<Judgment> judgments = new ArrayList<>();
        Map<List<String>, Integer> seen = new HashMap<>();
        Row first = null;
        for (int i = 0; i < rows.size(); i++) {
            Row row = row(source, i + 1, rows.get(i));
            if (first == null) {
                first = row;
            }
            requireSame(source, i + 1, "protocol", first.protocol(), row.protocol());
            requireSame(source, i + 1, "judge", first.judge(), row.judge());
            requireSame(source, i + 1, "prompt_sha256", first.promptSha256(), row.promptSha256());
            Integer before = seen.putIfAbsent(identity(row.judgment().subject()), i + 1);
            if (before != null) {
                throw RpoException.data("Cannot count " + source + ": rows " + before + " and " + (i + 1)
                        + " judge the same answers (prompt "
                        + quoted(row.judgment().subject().promptId())
                        + "). Leave one of them out.");
            }
            judgments.add(row.judgment());
        }
        return new Annotations(first.protocol(), first.judge(), first.promptSha256(), judgments);
    }

    /**
     * Turns judgments so that a candidate is what others are measured against.
     *
     * @throws RpoException where nothing was judged against it
     */
    public Annotations against(String baseline) {
        List<Judgment> turned = judgments.stream()
                .map(judgment -> judgment.subject().isPairwise()
                                && judgment.subject().model().equals(baseline)
                        ? judgment.flipped()
                        : judgment)
                .toList();
        if (turned.stream().noneMatch(judgment -> judgment.subject().baseline().equals(baseline))) {
            throw RpoException.configuration("Cannot compare with " + baseline + ": none of " + judgments.size()
                    + " judgments is about it. Name another one in rpo.judge.baseline.");
        }
        return new Annotations(protocol, judge, promptSha256, turned);
    }

    private static List<String> identity(Judgment.Subject subject) {
        return List.of(subject.promptId(), String.valueOf(subject.turn()), subject.model(), subject.baseline());
    }

    private static Row row(String source, int number, ObjectNode row) {
        try {
            if (row.has("preference") && row.has("output_1")) {
                return AlpacaEvalRows.row(row, number - 1);
            }
            if (row.has("g1_judgment") || row.has("g1_winner")) {
                return FastChatRows.pair(row);
            }
            if (row.has("judgment") && row.has("question_id")) {
                return FastChatRows.single(row);
            }
            if (row.has("games") && row.has("protocol")) {
                return JudgmentRows.row(row);
            }
        } catch (IllegalArgumentException e) {
            throw RpoException.data("Cannot count " + source + ": row " + number + " " + e.getMessage()
                    + ". Give the file as its program wrote it.");
        }
        TreeSet<String> fields = new TreeSet<>();
        row.fieldNames().forEachRemaining(fields::add);
        throw RpoException.data("Cannot count " + source + ": row " + number + " is no judgment; its fields are "
                + String.join(", ", fields)
                + ". Give AlpacaEval's annotations.json, FastChat's model_judgment files, or"
                + " the judgments of rpo judge.");
    }

    private static void requireSame(String source, int number, String what, String first, String other) {
        if (!first.equals(other)) {
            throw RpoException.data("Cannot count " + source + ": row " + number + " has the " + what + " "
                    + quoted(other) + ", and the rows before it " + quoted(first) + ". Count them apart.");
        }
    }

    static String quoted(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return "\"" + (line.length() > 80 ? line.substring(0, 79) + "…" : line) + "\"";
    }
}
