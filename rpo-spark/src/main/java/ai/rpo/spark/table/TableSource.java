package ai.rpo.spark.table;

import ai.rpo.core.RpoException;
import java.util.Optional;

/**
 * Names rows of the session's catalogs where a path of files could stand: {@code table:catalog.db.name}, the same as it
 * was, {@code table:name@SNAPSHOT} or {@code @TIME}, what one snapshot has beyond another, {@code table:name@FROM..TO},
 * or {@code sql:SELECT …}.
 *
 * @param isQuery whether the text is a query, not a table's name
 * @param text the name, as a query would have it, or the query
 * @param at a snapshot or a time; as it is now, where absent
 * @param since the snapshot whose rows are left out; none are, where absent
 */
public record TableSource(boolean isQuery, String text, Optional<String> at, Optional<String> since) {

    private static final String TABLE = "table:";
    private static final String QUERY = "sql:";
    private static final String TO = "..";

    /** Tells whether a path names a table or a query. */
    public static boolean isOne(String path) {
        return path.startsWith(TABLE) || path.startsWith(QUERY);
    }

    /**
     * Reads what {@link #toString} writes.
     *
     * @param path that {@link #isOne}
     * @throws RpoException where nothing is named
     */
    public static TableSource parse(String path) {
        if (path.startsWith(QUERY)) {
            return new TableSource(
                    true, named(path, path.substring(QUERY.length())), Optional.empty(), Optional.empty());
        }
        int end = endOfName(path);
        String name = named(path, path.substring(TABLE.length(), end));
        if (end == path.length()) {
            return new TableSource(false, name, Optional.empty(), Optional.empty());
        }
        String version = named(path, path.substring(end + 1));
        int to = version.indexOf(TO);
        return to < 0
                ? new TableSource(false, name, Optional.of(version), Optional.empty())
                : new TableSource(
                        false,
                        name,
                        Optional.of(named(path, version.substring(to + TO.length()))),
                        Optional.of(named(path, version.substring(0, to))));
    }

    /** The place of the {@code @} behind the name, which may have others in backquotes. */
    private static int endOfName(String path) {
        boolean quoted = false;
        for (int i = TABLE.length(); i < path.length(); i++) {
            if (path.charAt(i) == '`') {
                quoted = !quoted;
            } else if (path.charAt(i) == '@' && !quoted) {
                return i;
            }
        }
        return path.length();
    }

    private static String named(String path, String part) {
        if (part.isBlank()) {
            throw RpoException.configuration("Cannot read " + path
                    + ": something is missing in it. Write table:catalog.db.name, table:name@SNAPSHOT,"
                    + " table:name@FROM..TO or sql:SELECT ….");
        }
        return part.strip();
    }

    /** Gives the same table as it was at a snapshot. */
    TableSource at(String snapshot) {
        return new TableSource(isQuery, text, Optional.of(snapshot), since);
    }

    /** Gives what the table has beyond an earlier snapshot. */
    TableSource since(String snapshot) {
        return new TableSource(isQuery, text, at, Optional.of(snapshot));
    }

    @Override
    public String toString() {
        return isQuery
                ? QUERY + text
                : TABLE
                        + text
                        + at.map(to -> "@" + since.map(from -> from + TO).orElse("") + to)
                                .orElse("");
    }
}
