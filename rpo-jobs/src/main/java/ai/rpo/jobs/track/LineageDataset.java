package ai.rpo.jobs.track;

import ai.rpo.spark.table.TableSource;
import java.net.URI;
import java.util.Optional;

/**
 * Names data as OpenLineage does: files by their store and path, tables by their name in the jobs' namespace.
 *
 * @param version what tells the content; empty where nothing is known that does
 */
public record LineageDataset(String namespace, String name, Optional<String> version) {

    /**
     * Names a file, a folder, a table or a query.
     *
     * @param path URI of files, {@code table:…} or {@code sql:…}
     * @param namespace of the jobs
     */
    public static LineageDataset of(String path, Optional<String> version, String namespace) {
        if (TableSource.isOne(path)) {
            TableSource table = TableSource.parse(path);
            return table.isQuery()
                    ? new LineageDataset(namespace, path, version)
                    : new LineageDataset(namespace, table.text(), table.at().or(() -> version));
        }
        URI uri = URI.create(path);
        if (uri.getScheme().equals("file")) {
            return new LineageDataset("file", uri.getPath(), version);
        }
        String store = uri.getScheme().replaceFirst("^s3[an]$", "s3") + "://" + uri.getAuthority();
        boolean isKey = !store.startsWith("hdfs:");
        return new LineageDataset(store, isKey ? uri.getPath().replaceFirst("^/", "") : uri.getPath(), version);
    }
}
