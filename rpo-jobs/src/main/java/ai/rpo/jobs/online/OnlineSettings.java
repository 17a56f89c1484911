package ai.rpo.jobs.online;

import ai.rpo.core.reward.Pairing;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds the keys of {@code rpo.online}.
 *
 * @param rounds of generating, rating, pairing and training
 * @param prompts that the policy answers in each round: files, folders or globs
 * @param samplesPerPrompt completions of each
 * @param by who says how good the samples are
 * @param maxMissingFraction of a judge's verdicts, the share up to which a round goes on without them
 * @param pairing how a prompt's samples become a pair
 * @param reference what the policy of a round is tied to
 * @param regularizeOn whose chosen completions the supervised term holds to
 * @param offlineShare of a round's pairs, the part that comes from {@code rpo.data.train}
 * @param optimizer what the optimizer of a round begins with
 * @param stopAtTurn whether there is no further round once the gold reward falls with distance, by the gauge
 */
public record OnlineSettings(
        int rounds,
        List<String> prompts,
        int samplesPerPrompt,
        By by,
        double maxMissingFraction,
        Pairing pairing,
        Reference reference,
        Base regularizeOn,
        double offlineShare,
        Moments optimizer,
        boolean stopAtTurn) {

    /** Says who rates the policy's completions. */
    public enum By {
        /** The models of {@code rpo.rate}. */
        REWARD_MODEL,
        /** The judge of {@code rpo.judge}. */
        JUDGE,
        /** The verifier of {@code rpo.judge.program}. */
        PROGRAM
    }

    /** Names what a round's policy is tied to. */
    public enum Reference {
        /** The model that the first round starts from, or {@code rpo.reference.path}. */
        START,
        /** The policy that the round starts from. */
        PREVIOUS
    }

    /** Says whose chosen completions make π_base. */
    public enum Base {
        /** The round's own pairs. */
        ROUND,
        /** The pairs drawn from {@code rpo.data.train}. */
        OFFLINE,
        BOTH
    }

    /** Says what a round's optimizer knows of the rounds before. */
    public enum Moments {
        /** Nothing: its moments begin at zero. */
        FRESH,
        /** They are what the round before has left, with how many steps they have seen. */
        KEPT
    }

    public OnlineSettings {
        prompts = List.copyOf(prompts);
        List<String> problems = new ArrayList<>();
        if (rounds < 1) {
            problems.add("rounds must be at least 1, but is " + rounds);
        }
        if (samplesPerPrompt < 2) {
            problems.add("samples-per-prompt must be at least 2, as a pair needs two, but is " + samplesPerPrompt);
        }
        if (!(maxMissingFraction >= 0 && maxMissingFraction <= 1)) {
            problems.add("max-missing-fraction must lie between 0 and 1, but is " + maxMissingFraction);
        }
        if (!(offlineShare >= 0 && offlineShare < 1)) {
            problems.add("offline-share must be at least 0 and below 1, but is " + offlineShare);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** Counts the offline pairs that go with so many of the policy's own, to the nearest whole one. */
    public long offlinePairs(long own) {
        return Math.round(own * offlineShare / (1 - offlineShare));
    }
}
