package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** One way of writing a row of preference data. Stateless. */
public interface RowFormat {

    /** The name by which a configuration forces the format. */
    String name();

    /** Whether the row is written in this format, judged by its field names and, where those are shared, by types. */
    boolean recognises(ObjectNode row);

    /**
     * Reads a row.
     *
     * @throws UnfitRowException where the row breaks the format
     */
    PreferenceRecord read(ObjectNode row) throws UnfitRowException;
}
