package ai.rpo.core.preference;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** One way of writing a row of preference data. Stateless. */
public interface RowFormat {

    /** The name by which a configuration forces the format. */
    String name();

    /** Names of the fields without which no row has this format. */
    List<String> fields();

    /**
     * Tells whether the row is written in this format, judged by what its fields hold; one that is null does not count.
     */
    boolean recognises(ObjectNode row);

    /**
     * Reads a row.
     *
     * @throws UnfitRowException where the row breaks the format
     */
    PreferenceRecord read(ObjectNode row) throws UnfitRowException;
}
