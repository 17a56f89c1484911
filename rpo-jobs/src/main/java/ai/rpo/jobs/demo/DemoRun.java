package ai.rpo.jobs.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One run of the demo.
 *
 * @param folder of the whole demo
 * @param seed of its pairs and its training
 * @param eta η
 */
record DemoRun(DemoFolder folder, long seed, double eta) {

    private static final List<String> SHARED = List.of("data", "reference");

    static String shortest(double eta) {
        return eta == Math.rint(eta) ? String.valueOf((long) eta) : String.valueOf(eta);
    }

    Path directory() {
        return folder.seed(seed).resolve("eta-" + shortest(eta));
    }

    /** A recipe like any other; {@code ./rpo run --config} takes it too. */
    Path configuration() {
        return folder.seed(seed).resolve("eta-" + shortest(eta) + ".conf");
    }

    void writeConfiguration() throws IOException {
        Map<String, Object> own = Map.of(
                "rpo.output", directory().toString(),
                "rpo.model.path", folder.base().toString(),
                "rpo.data.train", List.of(folder.pairs(seed, "train").toString()),
                "rpo.data.eval", List.of(folder.pairs(seed, "eval").toString()),
                "rpo.objective.eta", eta,
                "rpo.train.seed", seed);
        DemoConfiguration.write(configuration(), "run", "demo.conf", own);
    }

    /**
     * Copies the data and reference artifacts of an earlier run with the same seed. They do not depend on η, so their
     * fingerprints are this run's and its pipeline takes them for its own.
     */
    void shareWith(List<DemoRun> finished) throws IOException {
        for (DemoRun other : finished) {
            if (other.seed == seed) {
                for (String artifact : SHARED) {
                    copy(other.directory().resolve(artifact), directory().resolve(artifact));
                }
                return;
            }
        }
    }

    /** The policy after each epoch, in order. */
    List<Path> checkpoints() throws IOException {
        try (Stream<Path> epochs = Files.list(directory().resolve("train/checkpoints"))) {
            return epochs.filter(Files::isDirectory).sorted().toList();
        }
    }

    /** Once graded, all but the last have served their purpose and only take space. */
    void dropOldCheckpoints() throws IOException {
        List<Path> all = checkpoints();
        for (Path checkpoint : all.subList(0, Math.max(0, all.size() - 1))) {
            DemoFolder.delete(checkpoint);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }
}
