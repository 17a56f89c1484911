package ai.rpo.jobs.retrain;

import ai.rpo.jobs.registry.Version;
import ai.rpo.jobs.retrain.RetrainSettings.Start;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.table.TablePin;
import ai.rpo.spark.table.TableSource;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;

/**
 * Says what one night is to learn, and from where.
 *
 * @param production number of the version that is in production when it begins; 0 for none
 * @param model path of the model that it starts from
 * @param rows that it trains on: files, and tables as they are now or what they have beyond what is known
 * @param news what is new to the version in production, or has changed since, in words; empty if nothing is
 */
public record Night(int production, String model, List<String> rows, String news) {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Finds what a table or a query has beyond what is known. */
    @FunctionalInterface
    public interface Tables {

        /**
         * @param known rows, by the paths under which they were read, with what told them
         * @param path of a table or a query
         * @param whole whether all rows are wanted where some are new
         * @return the path of the other rows, and what tells them
         */
        Optional<TablePin> beyond(Map<String, String> known, String path, boolean whole);
    }

    public Night {
        rows = List.copyOf(rows);
    }

    /**
     * Holds the data against those that the version in production knows, its parents' included.
     *
     * @param data files, folders, globs, tables and queries
     * @param base path of the model that starts where nothing is in production
     */
    public static Night plan(
            List<String> data,
            Tables tables,
            Optional<Version> production,
            String base,
            Start from,
            Configuration hadoop) {
        Map<String, String> known =
                production.map(version -> version.provenance().data()).orElse(Map.of());
        Optional<Version> start = production.filter(version -> from == Start.PRODUCTION);
        Map<Boolean, List<String>> paths = data.stream().collect(Collectors.partitioningBy(TableSource::isOne));
        InputFiles files = InputFiles.resolve(paths.get(false), hadoop);
        List<String> fresh = names(files.without(known, hadoop));
        List<String> freshTables = paths.get(true).stream()
                .flatMap(path -> tables.beyond(known, path, start.isEmpty()).stream())
                .map(pin -> pin.source().toString())
                .toList();
        return new Night(
                production.map(Version::number).orElse(0),
                start.map(version -> version.model().toString()).orElse(base),
                start.isPresent() ? joined(fresh, freshTables) : joined(names(files), paths.get(true)),
                words(fresh.size(), freshTables));
    }

    private static List<String> joined(List<String> files, List<String> tables) {
        List<String> all = new ArrayList<>(files);
        all.addAll(tables);
        return all;
    }

    private static String words(int files, List<String> tables) {
        List<String> words = new ArrayList<>();
        if (files > 0) {
            words.add(files + (files == 1 ? " new file" : " new files"));
        }
        tables.forEach(table -> words.add("new rows of " + table));
        return String.join(", ", words);
    }

    /**
     * Gives the text of {@code night.json}; nights with the same text are the same one.
     *
     * @param fingerprint of all that its model and what is measured of it depend on
     */
    public String text(String fingerprint) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("production", production);
        fields.put("model", model);
        fields.put("rows", rows);
        fields.put("fingerprint", fingerprint);
        try {
            return JSON.writeValueAsString(fields) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> names(InputFiles files) {
        return files.files().stream()
                .map(FileStatus::getPath)
                .map(String::valueOf)
                .toList();
    }
}
