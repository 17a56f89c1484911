package ai.rpo.spark.device;

import ai.rpo.core.RpoException;
import ai.rpo.core.model.BasePrecision;
import ai.rpo.core.model.ModelDirectory;
import ai.rpo.core.model.SideFiles;
import ai.rpo.core.text.TokenizerFiles;
import ai.rpo.spark.store.LocalCopies;
import ai.rpo.spark.store.Stores;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A model folder anywhere Hadoop reaches, as a folder of this machine.
 *
 * <p>A local folder is used where it is. A remote one is fetched once per machine into a cache named by its content,
 * under a lock that all processes of the machine share, and checked against the hash that the driver took.
 */
public final class LocalModel implements Serializable {

    private static final long serialVersionUID = 1L;
    private static final Pattern TRAINING_STATE = Pattern.compile("(optimizer|outer)_.*\\.safetensors");

    private final String uri;
    private String fingerprint;
    private final LocalModel base;
    private final List<Integer> eosIds;
    private final List<String> remarks;
    private final OpenedAs kind;
    private final boolean checkpoint;
    private final SerializableConfiguration hadoop;
    private final BasePrecision precision;

    /**
     * @param fingerprint null until it is asked for, of a local model
     * @param base what an adapter adapts; null for a model of its own
     * @param opened on this machine
     * @param checkpoint whether a machine that had to fetch it does not keep it for long
     */
    private LocalModel(
            String uri,
            String fingerprint,
            LocalModel base,
            ModelDirectory opened,
            OpenedAs kind,
            boolean checkpoint,
            SerializableConfiguration hadoop) {
        this.uri = uri;
        this.fingerprint = fingerprint;
        this.base = base;
        eosIds = opened.eosIds();
        remarks = opened.remarks();
        this.kind = kind;
        this.checkpoint = checkpoint;
        this.hadoop = hadoop;
        precision = BasePrecision.AS_STORED;
    }

    private LocalModel(LocalModel same, BasePrecision precision) {
        uri = same.uri;
        fingerprint = same.fingerprint;
        base = same.base == null ? null : new LocalModel(same.base, precision);
        eosIds = same.eosIds;
        remarks = same.remarks;
        kind = same.kind;
        checkpoint = same.checkpoint;
        hadoop = same.hadoop;
        this.precision = precision;
    }

    /**
     * Keeps the weights of the same model, or those under its adapter, in so many bits.
     *
     * @throws RpoException if its files are quantised otherwise
     */
    public LocalModel with(BasePrecision other) {
        LocalModel same = new LocalModel(this, other);
        if (other != precision) {
            same.open();
        }
        return same;
    }

    /** Opens a model on the driver; an adapter's model is where the adapter says. */
    public static LocalModel of(String uri, Configuration configuration) {
        return of(uri, Optional.empty(), configuration);
    }

    /**
     * Opens a model on the driver, so that what is wrong with it shows before any work starts.
     *
     * @param base where the model is that an adapter adapts, instead of where the adapter says
     */
    public static LocalModel of(String uri, Optional<String> base, Configuration configuration) {
        return hashed(located(uri, base, configuration));
    }

    /**
     * Gives what a local folder's {@code config.json} says of a model whose weights are not there.
     *
     * @param precision in how many bits they would be kept
     * @return empty if it has some, or is no such folder
     */
    public static Optional<ModelDirectory> outline(String uri, BasePrecision precision, Configuration configuration) {
        return Optional.of(uri)
                .filter(place -> isLocal(place, configuration))
                .map(LocalModel::localPath)
                .filter(ModelDirectory::isOutline)
                .map(folder -> ModelDirectory.outline(folder, precision));
    }

    /** Opens a reward model on the driver. */
    public static LocalModel ofReward(String uri, Configuration configuration) {
        return hashed(located(uri, Optional.empty(), new OpenedAs.RewardModel(), false, configuration));
    }

    /**
     * Opens a model on the driver that is to be trained to give rewards: a language model, or one that gives some already.
     *
     * @param seed of the head that a language model gets
     */
    public static LocalModel forRewards(String uri, long seed, Configuration configuration) {
        return hashed(locatedForRewards(uri, seed, configuration));
    }

    /** Opens it without reading a local one's weights, for work that needs its text files alone. */
    public static LocalModel locatedForRewards(String uri, long seed, Configuration configuration) {
        return located(uri, Optional.empty(), new OpenedAs.FutureRewardModel(seed), false, configuration);
    }

    /**
     * Opens what a training that started from this model has left: a model of the same kind, or an adapter on the one that
     * this is, or adapts. It is looked at once: a machine that had to fetch it does not keep it for long.
     */
    public LocalModel checkpoint(String folder) {
        OpenedAs trained = kind instanceof OpenedAs.LanguageModel ? kind : new OpenedAs.RewardModel();
        LocalModel model = hashed(located(folder, Optional.of(withoutAdapter().uri()), trained, true, hadoop.value()));
        return model.base == null ? model : model.with(precision);
    }

    /** Hashes a model before it is sent to executors, which need not do so again. */
    private static LocalModel hashed(LocalModel model) {
        model.withoutAdapter().fingerprint();
        model.fingerprint();
        return model;
    }

    /** Opens a model without reading a local one's weights, for work that needs its text files alone. */
    public static LocalModel located(String uri, Optional<String> base, Configuration configuration) {
        return located(uri, base, new OpenedAs.LanguageModel(), false, configuration);
    }

    private static LocalModel located(
            String uri, Optional<String> base, OpenedAs kind, boolean checkpoint, Configuration configuration) {
        SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
        LocalModel adapted = AdaptedModel.of(uri, base, configuration)
                .map(model -> located(model, Optional.empty(), kind.adapted(), false, configuration))
                .orElse(null);
        if (isLocal(uri, configuration)) {
            ModelDirectory opened = kind.open(localPath(uri), Optional.ofNullable(adapted));
            return new LocalModel(uri, null, adapted, opened, kind, checkpoint, hadoop);
        }
        Path fetched = fetch(uri, configuration);
        try {
            ModelDirectory opened = kind.open(fetched, Optional.ofNullable(adapted));
            LocalModel model = new LocalModel(uri, opened.fingerprint(), adapted, opened, kind, checkpoint, hadoop);
            model.inCache(() -> fetched);
            return model;
        } finally {
            deleteIfThere(fetched);
        }
    }

    /** The model that an adapter adapts; this one, if it is no adapter. */
    public LocalModel withoutAdapter() {
        return base == null ? this : base;
    }

    public String uri() {
        return uri;
    }

    /** Says where the model is, for whoever reads it from another folder. */
    public String location() {
        return isLocal(uri, hadoop.value()) ? localPath(uri).normalize().toString() : uri;
    }

    /** Hash of the model's content, and in how many bits it is kept. */
    public String fingerprint() {
        return precision == BasePrecision.AS_STORED ? ofContent() : ofContent() + "-" + precision.key();
    }

    private synchronized String ofContent() {
        if (fingerprint == null) {
            fingerprint = open().fingerprint();
        }
        return fingerprint;
    }

    public boolean isAdapter() {
        return base != null;
    }

    /** The model on the machine that asks. */
    public ModelDirectory open() {
        return open(folder());
    }

    private ModelDirectory open(Path copy) {
        return kind.open(copy, Optional.ofNullable(base)).with(precision);
    }

    /** Tells whether it gives rewards, or is to be trained to. */
    public boolean isOfRewards() {
        return !(kind instanceof OpenedAs.LanguageModel);
    }

    /** Tells what in its folder is passed over, a sentence each. */
    public List<String> remarks() {
        return remarks;
    }

    /** Finds the files that turn text into the model's tokens, on the machine that asks. */
    public TokenizerFiles tokenizerFiles() {
        SideFiles files = new SideFiles(folder(), Optional.ofNullable(base).map(LocalModel::folder));
        return new TokenizerFiles(files.tokenizer(), files.template(), eosIds);
    }

    /** Locates the model on the machine that asks, which fetches it where it is not there. */
    public Path folder() {
        if (isLocal(uri, hadoop.value())) {
            return localPath(uri);
        }
        return cached();
    }

    private static boolean isLocal(String uri, Configuration configuration) {
        return "file".equals(Stores.open(hadoopPath(uri), configuration).getScheme());
    }

    private static Path localPath(String uri) {
        org.apache.hadoop.fs.Path path = hadoopPath(uri);
        return Path.of(path.toUri().getPath()).toAbsolutePath();
    }

    private static org.apache.hadoop.fs.Path hadoopPath(String uri) {
        return Stores.path(uri);
    }

    private Path cached() {
        return inCache(() -> {
            Path fetched = fetch(uri, hadoop.value());
            try {
                requireSame(open(fetched).fingerprint());
                return fetched;
            } catch (RuntimeException e) {
                LocalCopies.delete(fetched);
                throw e;
            }
        });
    }

    private Path inCache(Supplier<Path> fetch) {
        try {
            return ModelCache.ofThisMachine().get(ModelCache.nameOf(fingerprint, checkpoint), fetch);
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot keep the model " + uri + " on this machine: " + e + ". Check that "
                            + ModelCache.ofThisMachine().folder() + " has room and may be written to.",
                    e);
        }
    }

    /** Without what only training would go on from. */
    private static Path fetch(String uri, Configuration configuration) {
        return LocalCopies.download(
                hadoopPath(uri),
                name -> !TRAINING_STATE.matcher(name).matches(),
                ModelDirectory.FOLDERS,
                configuration);
    }

    private void requireSame(String fetched) {
        if (!fetched.equals(fingerprint)) {
            throw RpoException.configuration(
                    "Cannot use the model " + uri + ": it changed after the job began, from " + fingerprint + " to "
                            + fetched + ". Start the job again, and leave the folder alone while it runs.");
        }
    }

    private static void deleteIfThere(Path folder) {
        if (Files.exists(folder)) {
            LocalCopies.delete(folder);
        }
    }
}
