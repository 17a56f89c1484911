package ai.rpo.spark.table;

/**
 * Rows of a table or a query that are told from all others.
 *
 * @param source that gives the same rows again, where the table's format has snapshots
 * @param identity what tells the rows: a snapshot, or else how many they are and a hash of their content
 * @param hasSnapshots whether it is a snapshot
 */
public record TablePin(TableSource source, String identity, boolean hasSnapshots) {}
