package ai.rpo.spark.train;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.model.ParameterFile;
import ai.rpo.core.model.ParameterLayout;
import ai.rpo.core.model.Trainable;
import ai.rpo.core.model.Weights;
import ai.rpo.core.tensor.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The files of a checkpoint in a local folder: what is trained, in float32, and what the optimizers remember. */
final class CheckpointContent {

    private static final String FIRST_MOMENTS = "optimizer_first_moments.safetensors";
    private static final String VELOCITY = "outer_velocity.safetensors";
    private static final String SECOND_MOMENTS = "optimizer_second_moments.safetensors";

    private CheckpointContent() {}

    /** @return SHA-256 of each file */
    static Map<String, String> write(Path folder, NetworkState state, Trainable trainable, long step) {
        ParameterLayout layout = trainable.layout();
        trainable.save(
                folder, new Parameters(layout, state.parameters()).asWeights(), Map.of("step", Long.toString(step)));
        extras(state, layout).entrySet().parallelStream()
                .forEach(extra -> ParameterFile.write(
                        folder.resolve(extra.getKey()), layout, extra.getValue().asWeights()));
        return checksums(folder);
    }

    /**
     * Sets the state to what the folder holds. Reads everything once before it touches the state, so that damage leaves
     * the state as it was.
     *
     * @param checksums as {@link #write} returned them
     * @throws DamagedException if a file is not what was written, or missing
     */
    static void read(Path folder, NetworkState state, Trainable trainable, Map<String, String> checksums) {
        requireSame(folder, checksums);
        Weights trained = trainable.saved(folder);
        ParameterLayout layout = trainable.layout();
        Map<String, Part> extras = extras(state, layout);
        Map<String, Weights> found = new LinkedHashMap<>();
        extras.keySet().forEach(file -> found.put(file, ParameterFile.read(folder.resolve(file), layout)));
        Stream.concat(Stream.of(trained), found.values().stream())
                .forEach(numbers -> numbers.readAll(layout, (entry, offset, read, length) -> {}));
        extras.forEach((file, part) -> part.fill(layout, found.get(file)));
        new Parameters(layout, state.parameters()).load(trained);
    }

    /** Sets the state's moments and velocity, and not its parameters, to what a whole folder holds. */
    static void readOptimizer(Path folder, NetworkState state, ParameterLayout layout) {
        extras(state, layout)
                .forEach((file, part) -> part.fill(layout, ParameterFile.read(folder.resolve(file), layout)));
    }

    /** A checkpoint does not hold what was written; another one may. */
    static final class DamagedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DamagedException(String what) {
            super(what);
        }
    }

    /** @throws DamagedException if a file is not what was written, or missing */
    static void requireSame(Path folder, Map<String, String> expected) {
        Map<String, String> found = checksums(folder);
        expected.forEach((file, checksum) -> {
            if (!checksum.equals(found.get(file))) {
                throw new DamagedException(
                        file + (found.containsKey(file) ? " is not what was written" : " is missing"));
            }
        });
    }

    private static Map<String, String> checksums(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList().parallelStream()
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString(),
                            CheckpointContent::sha256,
                            (one, other) -> one,
                            TreeMap::new));
        } catch (IOException | UncheckedIOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    "Cannot read " + folder + ": " + e + ". Check the disk of temporary files.",
                    e);
        }
    }

    private static String sha256(Path file) {
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            byte[] buffer = new byte[1 << 20];
            while (in.read(buffer) >= 0) {
                // Reading is what feeds the digest.
            }
            return HexFormat.of()
                    .formatHex(((DigestInputStream) in).getMessageDigest().digest());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Gives what there is beside the parameters, by file. */
    private static Map<String, Part> extras(NetworkState state, ParameterLayout layout) {
        Map<String, Part> extras = new LinkedHashMap<>();
        state.moments().ifPresent(moments -> {
            extras.put(FIRST_MOMENTS, new Part(moments, 0));
            extras.put(SECOND_MOMENTS, new Part(moments, layout.size()));
        });
        state.velocity().ifPresent(velocity -> extras.put(VELOCITY, new Part(velocity, 0)));
        return extras;
    }

    /** Numbers in the order of the parameters, from somewhere in a storage on. */
    private record Part(Storage storage, long start) {

        Weights asWeights() {
            return (entry, offset, target) -> {
                float[] values = new float[target.remaining()];
                storage.read(start + entry.offset() + offset, values, 0, values.length);
                target.put(values);
            };
        }

        void fill(ParameterLayout layout, Weights numbers) {
            numbers.readAll(
                    layout,
                    (entry, offset, read, length) -> storage.write(start + entry.offset() + offset, read, 0, length));
        }
    }
}
