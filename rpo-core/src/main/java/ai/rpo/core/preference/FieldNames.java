package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Says what data call the fields that formats are made of, where they call them otherwise.
 *
 * @param names the data's name by the formats' name
 * @param ignored names in the data of fields to pass over
 */
public record FieldNames(Map<String, String> names, List<String> ignored) implements Serializable {

    public static final FieldNames USUAL = new FieldNames(Map.of(), List.of());

    public FieldNames {
        names = new LinkedHashMap<>(names); // no Map.of, whose order differs from process to process
        ignored = List.copyOf(ignored);
        names.forEach((ours, theirs) -> {
            if (theirs.isEmpty()) {
                throw new IllegalArgumentException("the name for " + ours + " must not be empty");
            }
        });
    }

    public static FieldNames of(
            Optional<String> prompt,
            Optional<String> chosen,
            Optional<String> rejected,
            Optional<String> completion,
            Optional<String> completions,
            Optional<String> scores,
            Optional<String> label,
            List<String> ignored) {
        Map<String, String> names = new LinkedHashMap<>();
        prompt.ifPresent(name -> names.put("prompt", name));
        chosen.ifPresent(name -> names.put("chosen", name));
        rejected.ifPresent(name -> names.put("rejected", name));
        completion.ifPresent(name -> names.put("completion", name));
        completions.ifPresent(name -> names.put("completions", name));
        scores.ifPresent(name -> names.put("scores", name));
        label.ifPresent(name -> names.put("label", name));
        return new FieldNames(names, ignored);
    }

    /** Gives the same names with the name of one more field, which rows may be asked for. */
    public FieldNames and(String ours, String theirs) {
        Map<String, String> more = new LinkedHashMap<>(names);
        more.put(ours, theirs);
        return new FieldNames(more, ignored);
    }

    /** Tells whether a field has a name of its own in the data. */
    public boolean name(String ours) {
        return names.containsKey(ours);
    }

    /** The row with the formats' names; a field that had such a name before gives way. One that is missing is null. */
    ObjectNode rename(ObjectNode row) {
        if (names.isEmpty() && ignored.isEmpty()) {
            return row;
        }
        ObjectNode renamed = row.deepCopy();
        renamed.remove(names.values());
        renamed.remove(ignored);
        names.forEach((ours, theirs) -> renamed.set(ours, row.get(theirs)));
        return renamed;
    }

    /** Gives what the data call a format's field. */
    String theirs(String field) {
        return names.getOrDefault(field, field);
    }
}
