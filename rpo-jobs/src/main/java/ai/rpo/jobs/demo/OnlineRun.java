package ai.rpo.jobs.demo;

import ai.rpo.jobs.report.Method;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One run of the online demo.
 *
 * @param folder of the whole demo
 * @param plan what all runs share
 * @param seed of its data and its training
 */
record OnlineRun(DemoFolder folder, OnlinePlan plan, long seed, Method method) {

    /** Passes over the pairs of an offline run, each of which leaves a policy. */
    static final int OFFLINE_EPOCHS = 4;

    private String name() {
        return method.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    Path directory() {
        return folder.seed(seed).resolve(name());
    }

    /** A recipe for {@code ./rpo train} or {@code ./rpo online}. */
    Path configuration() {
        return folder.seed(seed).resolve(name() + ".conf");
    }

    /** Letters that online runs of a seed answer. */
    static Path prompts(DemoFolder folder, long seed) {
        return folder.seed(seed).resolve("prompts.jsonl");
    }

    /** The reward models of a seed. */
    static List<Path> members(DemoFolder folder, OnlinePlan plan, long seed) {
        return IntStream.range(0, plan.members())
                .mapToObj(member -> folder.seed(seed).resolve("rewards/reward/member-" + member))
                .toList();
    }

    void writeConfiguration() throws IOException {
        Map<String, Object> own = new TreeMap<>(Map.of(
                "rpo.output", directory().toString(),
                "rpo.model.path", folder.base().toString(),
                "rpo.objective.eta", plan.eta(method),
                "rpo.train.seed", seed));
        if (!method.isOnline()) {
            own.put("rpo.train.epochs", OFFLINE_EPOCHS);
            own.put("rpo.data.train", List.of(folder.pairs(seed, "train").toString()));
            DemoConfiguration.write(configuration(), "train", "demo.conf", own);
            return;
        }
        List<Path> members = members(folder, plan, seed);
        own.put("rpo.generate.seed", seed);
        own.put("rpo.online.rounds", plan.rounds());
        own.put("rpo.online.prompts", List.of(prompts(folder, seed).toString()));
        own.put(
                "rpo.rate.model",
                members.subList(0, method.hasEnsemble() ? members.size() : 1).stream()
                        .map(Path::toString)
                        .toList());
        DemoConfiguration.write(configuration(), "online", "demo-online.conf", own);
    }

    /** The policies on its way, in order: of each epoch, or of each round. */
    List<Path> policies() throws IOException {
        Path steps = directory().resolve(method.isOnline() ? "online" : "train/checkpoints");
        try (Stream<Path> folders = Files.list(steps)) {
            return folders.filter(Files::isDirectory)
                    .sorted()
                    .map(step -> method.isOnline() ? step.resolve("model") : step)
                    .toList();
        }
    }

    /** Optimizer steps behind each of the {@link #policies}. */
    List<Long> steps() throws IOException {
        Path training = directory().resolve("train/metrics.jsonl");
        if (!method.isOnline()) {
            long steps = Files.readAllLines(training).size();
            int epochs = policies().size();
            return IntStream.rangeClosed(1, epochs)
                    .mapToObj(epoch -> steps * epoch / epochs)
                    .toList();
        }
        List<Long> steps = new java.util.ArrayList<>();
        long done = 0;
        for (Path policy : policies()) {
            done += Files.readAllLines(policy.resolveSibling("train/metrics.jsonl"))
                    .size();
            steps.add(done);
        }
        return steps;
    }
}
