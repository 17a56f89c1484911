package ai.rpo.jobs.registry;

import ai.rpo.core.RpoException;
import ai.rpo.spark.store.ArtifactDirectory;
import ai.rpo.spark.store.CheckedFiles;
import ai.rpo.spark.store.CheckedFiles.Content;
import ai.rpo.spark.store.Fence;
import ai.rpo.spark.store.Fingerprint;
import ai.rpo.spark.store.Lease;
import ai.rpo.spark.store.Manifest;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.store.Stores;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of numbered models that never change, with their provenance, and a pointer to the one in production.
 *
 * <p>A version is an artifact: {@code manifest.json} is written last and holds the checksum of {@code provenance.json},
 * which holds those of the model's files. Whoever writes holds a lease on the registry, for as long as the writing
 * takes.
 */
public final class Registry {

    static final String MODEL = "model";

    private static final int LAYOUT = 1;
    private static final String NOTE = "registry.json";
    private static final String PRODUCTION = "production.json";
    private static final String PROVENANCE = "provenance.json";
    static final String CONFIGURATION = "resolved.conf";
    private static final String PRUNED = "pruned.json";
    private static final String MANIFEST = "manifest.json";

    /** Files of a version that tell of it, and that its provenance does not list. */
    private static final Set<String> RECORDS = Set.of(MANIFEST, PROVENANCE, PRUNED);

    private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

    private final Path root;
    private final String program;
    private final Configuration hadoop;

    /** Says what {@code registry.json} says. */
    private record Note(int layout, String program) {}

    private Registry(Path root, String program, Configuration hadoop) {
        this.root = root;
        this.program = program;
        this.hadoop = hadoop;
    }

    /**
     * Opens a registry that is there.
     *
     * @param program version of this program
     * @throws RpoException if there is none, or a later program wrote it
     */
    public static Registry open(String path, String program, Configuration hadoop) {
        Registry registry = new Registry(Stores.path(path), program, hadoop);
        if (!registry.isThere()) {
            throw RpoException.configuration("Cannot open the registry " + path + ": there is none. Check rpo.registry;"
                    + " ./rpo registry add makes one for its first model.");
        }
        return registry;
    }

    /**
     * Opens a registry, or makes an empty one in a folder that is empty or missing.
     *
     * @param program version of this program
     * @throws RpoException if the folder holds something else, or a later program wrote the registry
     */
    public static Registry openOrMake(String path, String program, Configuration hadoop) {
        Registry registry = new Registry(Stores.path(path), program, hadoop);
        if (!registry.isThere()) {
            List<String> others = Stores.names(registry.root, hadoop);
            if (!others.isEmpty()) {
                throw RpoException.configuration(
                        "Cannot make a registry in " + path + ": it holds other things, such as " + others.get(0)
                                + ". Name an empty folder with rpo.registry.");
            }
            registry.file(NOTE).writeDurably(RegistryJson.text(new Note(LAYOUT, program)));
        }
        return registry;
    }

    private boolean isThere() {
        Optional<String> text = file(NOTE).read();
        if (text.isEmpty()) {
            return false;
        }
        Note note = parse(NOTE, text.get(), Note.class);
        if (note.layout() > LAYOUT) {
            throw RpoException.configuration("Cannot open the registry " + root + ": it has layout " + note.layout()
                    + " and was written by rpo " + note.program() + ", while this program, " + program
                    + ", knows layouts up to " + LAYOUT + ". Use that version of rpo, or a later one.");
        }
        return true;
    }

    /** Returns the registry's folder. */
    public Path path() {
        return root;
    }

    /** Lists all versions, damaged and pruned ones among them, by number. */
    public List<Version> versions() {
        return Stores.names(new Path(root, "versions"), hadoop).stream()
                .filter(name -> name.matches("\\d{1,9}"))
                .map(Integer::valueOf)
                .sorted()
                .map(this::read)
                .flatMap(Optional::stream)
                .toList();
    }

    /** @throws RpoException if there is no such version */
    public Version version(int number) {
        return read(number)
                .orElseThrow(() -> RpoException.configuration("Cannot find version " + number + " in the registry "
                        + root + ": it has " + numbers() + ". Name one of these."));
    }

    private String numbers() {
        List<Version> versions = versions();
        return versions.isEmpty()
                ? "no versions"
                : versions.get(0).number() + " to "
                        + versions.get(versions.size() - 1).number();
    }

    /** Finds what the pointer names, whether or not it can be used. */
    public Optional<Integer> productionNumber() {
        return Optional.of(pointer().version()).filter(number -> number > 0);
    }

    /**
     * Finds the version in production.
     *
     * @return empty if none was promoted yet
     * @throws RpoException if the pointer, or what it points to, cannot be used
     */
    public Optional<Version> production() {
        return productionNumber().map(number -> read(number)
                .orElseThrow(() -> RpoException.data("Cannot use what is in production in " + root
                        + ": its pointer names version " + number + ", which is gone. Promote another version."))
                .requireUsable());
    }

    /** Tells whether a version is in production, or once was. */
    public boolean wasInProduction(int number) {
        return pointer().history().stream().anyMatch(change -> change.version() == number);
    }

    /** Registers the model of a run, once: the same model of the same run again is the version that it is already. */
    public Version register(Candidate candidate) {
        try (Lease lease = lease("registry add")) {
            List<Version> there = versions();
            for (Version version : there) {
                if (!version.pruned()
                        && version.found()
                                .filter(known -> isOf(candidate, known))
                                .isPresent()) {
                    return version;
                }
            }
            int number = 1 + highest(there);
            ArtifactDirectory artifact = artifact(number, lease);
            artifact.clear();
            Path folder = artifact.path();
            Map<String, Content> files = new TreeMap<>();
            CheckedFiles.copy(candidate.model(), new Path(folder, MODEL), hadoop)
                    .forEach((name, content) -> files.put(MODEL + "/" + name, content));
            files.put(CONFIGURATION, Content.of(candidate.configuration()));
            Provenance provenance = provenance(number, candidate, there, files);
            file(number, CONFIGURATION).write(candidate.configuration());
            String text = RegistryJson.text(provenance);
            file(number, PROVENANCE).write(text);
            artifact.publish(
                    new Manifest("registry", program, Instant.now(), fingerprint(text), provenance.counts(), Map.of()));
            return version(number);
        }
    }

    /** The highest number that was ever given to a version that is there or was in production. */
    private int highest(List<Version> there) {
        return IntStream.concat(
                        there.stream().mapToInt(Version::number),
                        pointer().history().stream().mapToInt(Production.Change::version))
                .max()
                .orElse(0);
    }

    private static boolean isOf(Candidate candidate, Provenance known) {
        return known.source().equals(candidate.source().toString())
                && known.fingerprint().equals(candidate.trained().fingerprint().digest());
    }

    private Provenance provenance(int number, Candidate candidate, List<Version> there, Map<String, Content> files) {
        Optional<Version> parent = there.stream()
                .filter(version -> isAt(version.model(), candidate.startedFrom()))
                .findFirst();
        Map<String, String> data = new LinkedHashMap<>();
        parent.flatMap(Version::found).ifPresent(older -> data.putAll(older.data()));
        Map<String, Long> counts = new LinkedHashMap<>();
        candidate.prepared().ifPresent(prepared -> {
            data.putAll(prepared.inputs());
            counts.putAll(prepared.counts());
        });
        counts.putAll(candidate.trained().counts());
        return new Provenance(
                number,
                now(),
                candidate.trained().version(),
                candidate.source().toString(),
                candidate.startedFrom(),
                parent.map(Version::number).orElse(null),
                candidate.trained().fingerprint().digest(),
                candidate.trained().fingerprint().values(),
                data,
                counts,
                candidate.metrics(),
                files);
    }

    private boolean isAt(Path model, String path) {
        Path other = Stores.path(path);
        return Stores.open(model, hadoop)
                .makeQualified(model)
                .equals(Stores.open(other, hadoop).makeQualified(other));
    }

    /**
     * Puts a version into production.
     *
     * @param expected the version that must be in production until then, 0 for none; anything will do where absent
     * @return the version that was in production
     * @throws RpoException if the version cannot be used, or another one went into production meanwhile
     */
    public Optional<Integer> promote(int number, Optional<Integer> expected) {
        try (Lease lease = lease("registry promote")) {
            version(number).requireUsable();
            Production before = pointer();
            if (expected.isPresent() && expected.get() != before.version()) {
                throw new RpoException(
                        RpoException.Kind.RETRYABLE,
                        "Cannot promote version " + number + " of " + root + ": " + named(before.version())
                                + " is in production now, and it was made to follow " + named(expected.get())
                                + ". Run the command again.");
            }
            if (before.version() != number) {
                write(before.promote(number, lease.token(), now()), lease);
            }
            return Optional.of(before.version()).filter(was -> was > 0);
        }
    }

    private static String named(int version) {
        return version == 0 ? "no version" : "version " + version;
    }

    /**
     * Puts the version into production again that was there before the present one was promoted.
     *
     * @return its number
     * @throws RpoException if there was none, or it cannot be used
     */
    public int rollback() {
        try (Lease lease = lease("registry rollback")) {
            Production now = pointer();
            int before = now.before()
                    .orElseThrow(() -> RpoException.configuration("Cannot roll back in " + root + ": "
                            + (now.version() == 0
                                    ? "nothing is in production"
                                    : "nothing was in production before version " + now.version())
                            + ". Promote a version by its number."));
            version(before).requireUsable();
            write(now.rollback(lease.token(), now()), lease);
            return before;
        }
    }

    /**
     * Deletes the weights of old versions, whose provenance stays. The version in production, the one that a rollback
     * would bring back and the {@code keep} newest keep theirs.
     *
     * @return the numbers of those whose weights were deleted
     */
    public List<Integer> prune(int keep) {
        try (Lease lease = lease("registry prune")) {
            Production now = pointer();
            List<Version> whole =
                    versions().stream().filter(version -> !version.pruned()).toList();
            List<Integer> pruned = new ArrayList<>();
            for (Version version : whole.subList(0, Math.max(0, whole.size() - keep))) {
                int number = version.number();
                if (number != now.version()
                        && now.before().filter(before -> before == number).isEmpty()) {
                    lease.check();
                    file(number, PRUNED).writeDurably(RegistryJson.text(Map.of("pruned_at", now())));
                    Stores.delete(version.model(), hadoop);
                    pruned.add(number);
                }
            }
            return pruned;
        }
    }

    /** Says what is not as it was written, of all versions and of the pointer; nothing if all is. */
    public List<String> verify() {
        List<String> wrong = new ArrayList<>();
        for (Version version : versions()) {
            check(version).forEach(what -> wrong.add("version " + version.number() + ": " + what));
        }
        try {
            production();
        } catch (RpoException e) {
            wrong.add("production: " + e.getMessage());
        }
        return wrong;
    }

    private List<String> check(Version version) {
        if (version.damage().isPresent()) {
            return List.of(version.damage().get());
        }
        List<String> wrong = new ArrayList<>();
        Map<String, Content> written = new TreeMap<>(version.provenance().files());
        Map<String, Content> found = CheckedFiles.of(version.folder(), hadoop);
        found.keySet().removeAll(RECORDS);
        if (version.pruned()) {
            written.keySet().removeIf(name -> name.startsWith(MODEL + "/"));
            found.keySet().removeIf(name -> name.startsWith(MODEL + "/")); // of a pruning that was interrupted
        }
        Set<String> names = new TreeSet<>(written.keySet());
        names.addAll(found.keySet());
        for (String name : names) {
            Content before = written.get(name);
            Content now = found.get(name);
            if (before == null || !before.equals(now)) {
                wrong.add(name
                        + (now == null ? " is gone" : before == null ? " was added" : " was changed or is damaged"));
            }
        }
        return wrong;
    }

    private Optional<Version> read(int number) {
        Path folder = folder(number);
        boolean pruned = file(number, PRUNED).read().isPresent();
        try {
            return artifact(number, Fence.NONE).manifest().map(manifest -> {
                String text = file(number, PROVENANCE).read().orElse("");
                if (!manifest.fingerprint().equals(fingerprint(text))) {
                    return damaged(number, pruned, PROVENANCE + " is not what the manifest says");
                }
                return new Version(
                        number,
                        folder,
                        Optional.of(parse(PROVENANCE, text, Provenance.class)),
                        Optional.empty(),
                        pruned);
            });
        } catch (RpoException e) {
            if (e.kind() == RpoException.Kind.RETRYABLE) {
                throw e;
            }
            LOG.warn("Version {} of {}: {}", number, root, e.getMessage());
            return Optional.of(damaged(number, pruned, MANIFEST + " or " + PROVENANCE + " is damaged"));
        }
    }

    private Version damaged(int number, boolean pruned, String why) {
        return new Version(number, folder(number), Optional.empty(), Optional.of(why), pruned);
    }

    private static Fingerprint fingerprint(String provenance) {
        return new Fingerprint(Map.of(PROVENANCE, Content.of(provenance).sha256()));
    }

    private Production pointer() {
        return file(PRODUCTION)
                .read()
                .map(text -> parse(PRODUCTION, text, Production.class))
                .orElse(Production.NONE);
    }

    private void write(Production production, Lease lease) {
        lease.check();
        file(PRODUCTION).writeDurably(RegistryJson.text(production));
    }

    private <T> T parse(String file, String text, Class<T> type) {
        try {
            return RegistryJson.read(text, type);
        } catch (IllegalArgumentException e) {
            throw RpoException.data("Cannot use the registry " + root + ": a " + file + " of it is damaged ("
                    + e.getMessage() + "). Put it back from a copy.");
        }
    }

    private Lease lease(String command) {
        return Lease.acquire(new Path(root, "lease"), command, hadoop);
    }

    private ArtifactDirectory artifact(int number, Fence fence) {
        return new ArtifactDirectory(folder(number), fence, hadoop);
    }

    private Path folder(int number) {
        return new Path(root, String.format(Locale.ROOT, "versions/%06d", number));
    }

    private SmallFile file(int number, String name) {
        return new SmallFile(new Path(folder(number), name), hadoop);
    }

    private SmallFile file(String name) {
        return new SmallFile(new Path(root, name), hadoop);
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
