package ai.rpo.jobs.demo;

import ai.rpo.core.Progress;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Collects the preferences of each seed and writes them as rows of pairs.
 *
 * @param folder of the demo
 * @param base the model whose answers are compared
 * @param unseen letters of prompts that no pair may have
 * @param pairs to train on
 * @param heldOut pairs beside them
 */
record SeedPairs(DemoFolder folder, Respondent base, List<String> unseen, int pairs, int heldOut) {

    /** Streams of random numbers for the pairs of different seeds, away from all others. */
    private static final long PAIRS_SEED = 1_000;

    PreferenceSet collect(long seed, Progress progress) throws IOException {
        String what = String.format(Locale.ROOT, "seed %d pairs", seed);
        progress.update(what, 0, pairs);
        PreferenceSet set = PreferenceSet.collect(base, pairs + heldOut, Set.copyOf(unseen), PAIRS_SEED + seed);
        WorldFiles.writePairs(folder.pairs(seed, "train"), set.pairs().subList(0, pairs));
        WorldFiles.writePairs(
                folder.pairs(seed, "eval"),
                set.pairs().subList(pairs, set.pairs().size()));
        progress.update(what, pairs, pairs);
        return set;
    }
}
