package ai.rpo.jobs.pipeline;

import ai.rpo.core.RpoException;
import ai.rpo.core.text.ChatTemplate;
import ai.rpo.spark.device.AdaptedModel;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.InputFiles;
import ai.rpo.spark.store.SmallFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;

/** Says what the inputs of a run are, told by their content; each is read once. */
final class InputFingerprints {

    private static final Pattern WEIGHTS =
            Pattern.compile("(adapter_)?config\\.json|.*\\.safetensors(\\.index\\.json)?");
    private static final Pattern TOKENIZER = Pattern.compile(
            "tokenizer.*|special_tokens_map\\.json|added_tokens\\.json|vocab\\.json|merges\\.txt|generation_config\\.json"
                    + "|(adapter_)?config\\.json");
    private static final Pattern TEMPLATE = Pattern.compile("tokenizer_config\\.json|chat_template.*");

    private final Optional<String> base;
    private final TableInputs tables;
    private final Configuration hadoop;
    private final Map<String, String> known = new HashMap<>();
    private final Map<String, Boolean> dated = new HashMap<>();

    /** @param base where the model of an adapter is, instead of where the adapter says */
    InputFingerprints(Optional<String> base, TableInputs tables, Configuration hadoop) {
        this.base = base;
        this.tables = tables;
        this.hadoop = hadoop;
    }

    /** Fingerprints models with another base. */
    InputFingerprints withBase(Optional<String> other) {
        return new InputFingerprints(other, tables, hadoop);
    }

    /** Fingerprints data files, folders and globs, tables and queries; empty text if there are none. */
    String data(List<String> paths) {
        List<String> files = TableInputs.filesAmong(paths);
        Stream<String> ofFiles =
                files.isEmpty() ? Stream.of() : Stream.of(of("data " + files, () -> InputFiles.resolve(files, hadoop)));
        return Stream.concat(ofFiles, TableInputs.tablesAmong(paths).stream().map(tables::identity))
                .collect(Collectors.joining("; "));
    }

    /** Gives what tells the content of each file, by its URI, and of each table and query, by its path. */
    Map<String, String> described(List<String> paths) {
        Map<String, String> described = new LinkedHashMap<>(
                InputFiles.resolve(TableInputs.filesAmong(paths), hadoop).byUri(hadoop));
        TableInputs.tablesAmong(paths).forEach(path -> described.put(path, tables.identity(path)));
        return described;
    }

    /**
     * Must be asked when data have been read. Tables were copied, and held against what they are then.
     *
     * @throws RpoException if files have changed since they were first looked at, so that nobody knows what was read
     */
    void requireUnchanged(List<String> paths) {
        List<String> files = TableInputs.filesAmong(paths);
        require(data(files).equals(withBase(base).data(files)), String.join(", ", files));
    }

    /**
     * Requires the same of a model folder's weights.
     *
     * @throws RpoException if they have changed since
     */
    void requireUnchanged(String model) {
        require(weights(model).equals(withBase(base).weights(model)), model);
    }

    private static void require(boolean isUnchanged, String input) {
        if (!isUnchanged) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot use " + input + ": somebody wrote to it while it was read. Run again when it is complete.");
        }
    }

    /** Fingerprints a model folder's weights and what they mean. */
    String weights(String model) {
        return withBase(model, folder -> of("weights " + folder, () -> folder(folder, WEIGHTS)));
    }

    /** Fingerprints what decides how text becomes tokens: the tokenizer, its template, the ids that end a text. */
    String tokenizer(String model) {
        return withBase(model, folder -> of("tokenizer " + folder, () -> folder(folder, TOKENIZER)));
    }

    /** Fingerprints an adapter and the model that it adapts. */
    private String withBase(String model, UnaryOperator<String> fingerprint) {
        Optional<String> adapted = AdaptedModel.of(model, base, hadoop);
        String own = fingerprint.apply(model);
        return adapted.map(folder -> own + " on " + fingerprint.apply(folder)).orElse(own);
    }

    /** Fingerprints what decides how conversations are written; empty text if there is nothing of the kind. */
    String template(String model) {
        return withBase(model, folder -> of("template " + folder, () -> templates(folder)));
    }

    /**
     * Tells whether one of a model's templates, or of those of the model that an adapter adapts, may write the date.
     */
    boolean writesDate(String model) {
        return dated.computeIfAbsent(
                model, name -> Stream.concat(Stream.of(name), AdaptedModel.of(name, base, hadoop).stream())
                        .flatMap(folder -> templates(folder).files().stream())
                        .anyMatch(file -> new SmallFile(file.getPath(), hadoop)
                                .read()
                                .map(ChatTemplate::writesDate)
                                .orElse(false)));
    }

    /** The files that may hold a template, named ones among them. */
    private InputFiles templates(String folder) {
        List<FileStatus> files = new ArrayList<>(
                InputFiles.inFolder(folder, name -> TEMPLATE.matcher(name).matches(), hadoop)
                        .files());
        files.addAll(InputFiles.inFolder(folder + "/" + ChatTemplate.MORE, name -> name.endsWith(".jinja"), hadoop)
                .files());
        return new InputFiles(files);
    }

    /** Fingerprints a text that is an input itself; empty where there is none. */
    static String text(Optional<String> text) {
        return text.map(t -> new Fingerprint(Map.of("text", t)).digest()).orElse("");
    }

    private InputFiles folder(String model, Pattern names) {
        InputFiles files =
                InputFiles.inFolder(model, name -> names.matcher(name).matches(), hadoop);
        if (files.files().isEmpty()) {
            throw RpoException.configuration("Cannot open the model " + model
                    + ": it is not a folder with a config.json. Give the folder of a Hugging Face model.");
        }
        return files;
    }

    private String of(String name, Supplier<InputFiles> files) {
        String found = known.get(name);
        if (found == null) {
            found = files.get().fingerprint(hadoop);
            known.put(name, found);
        }
        return found;
    }
}
