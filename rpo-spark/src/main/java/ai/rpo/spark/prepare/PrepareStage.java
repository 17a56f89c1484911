package ai.rpo.spark.prepare;

import ai.rpo.core.Progress;
import ai.rpo.core.RpoException;
import ai.rpo.core.preference.FieldNames;
import ai.rpo.core.preference.RowReader;
import ai.rpo.spark.store.InputFiles;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Reads rows of text or tokens, keeps those that can be trained on, and writes them as shards of token ids: {@code
 * train/} and {@code eval/} in {@link ai.rpo.spark.dataset.PairRows}' or {@link ai.rpo.spark.dataset.ExampleRows}'
 * columns, and {@code report.json}. Every row that is left out is written elsewhere with the reason. The rows and their
 * ordinals depend on the input alone, not on how Spark splits it.
 */
public final class PrepareStage {

    private final RowKind kind;
    private final DataSettings settings;
    private final FieldNames fields;
    private final TargetModel model;

    public PrepareStage(RowKind kind, DataSettings settings, TargetModel model) {
        this(kind, settings, Optional.empty(), model);
    }

    /** @param margin field in which each pair says by how much the chosen completion is better, if any does */
    public PrepareStage(RowKind kind, DataSettings settings, Optional<String> margin, TargetModel model) {
        this.kind = kind;
        this.settings = settings;
        FieldNames named = settings.fields().names();
        this.fields = margin.map(field -> named.and(RowReader.MARGIN, field)).orElse(named);
        this.model = model;
    }

    /**
     * @param output folder for {@code train/}, {@code eval/} and {@code report.json}
     * @param rejectedOutput folder for rows that are left out, as JSON lines; removed where there are none
     * @throws RpoException where inputs cannot be read, too many rows are unfit, or none is left
     */
    public Prepared run(SparkSession given, Path output, Path rejectedOutput, Progress progress) {
        SparkSession spark = given.newSession(); // has settings of its own
        // Every shuffle's size is known beforehand, and Spark need not plan each again on the way.
        spark.conf().set("spark.sql.adaptive.enabled", false);
        PreparePlan plan = plan(spark.sparkContext().hadoopConfiguration());
        checkTokenizer();
        return new PrepareJob(spark, plan, settings, output, rejectedOutput, progress).run();
    }

    /**
     * Estimates what {@link #run} would give, by looking at some rows; writes nothing.
     *
     * @param sampleRows that are looked at, if there are as many
     * @throws RpoException where inputs cannot be read
     */
    public DataEstimate estimate(SparkSession spark, int sampleRows) {
        PreparePlan plan = plan(spark.sparkContext().hadoopConfiguration());
        checkTokenizer();
        return new DataSample(spark, plan, sampleRows).estimate();
    }

    private PreparePlan plan(Configuration hadoop) {
        if (settings.train().isEmpty()) {
            throw RpoException.configuration(
                    "Cannot prepare data: no input is named. Give a file, a folder or a glob.");
        }
        return PreparePlan.of(kind, settings, fields, model, () -> files(hadoop));
    }

    private List<DataFile> files(Configuration hadoop) {
        FileInspector inspector = new FileInspector(fields, settings.key(), hadoop);
        List<DataFile> files = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (boolean heldOut : new boolean[] {false, true}) {
            List<String> paths = heldOut ? settings.eval() : settings.train();
            for (FileStatus file : InputFiles.resolve(paths, hadoop).files()) {
                if (!seen.add(file.getPath())) {
                    throw RpoException.configuration("Cannot prepare data: " + file.getPath()
                            + " is named more than once among training and evaluation data. Name each file once.");
                }
                files.add(inspector.inspect(files.size(), file, heldOut));
            }
        }
        return List.copyOf(files);
    }

    /**
     * Looks at the tokenizer before any row is read; a missing one may not be needed.
     *
     * @throws RpoException where it cannot be used
     */
    public void checkTokenizer() {
        if (Files.exists(model.text().local().tokenizer())) {
            model.requireUsable();
        }
    }
}
