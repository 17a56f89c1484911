package ai.rpo.jobs.demo;

import ai.rpo.jobs.report.Method;
import java.util.List;
import java.util.Locale;

/**
 * Says what the online demo tries. The seeds are the first ones, and none was left out.
 *
 * @param seeds of the pairs, their labels, the prompts and the order of training
 * @param pairs that reward models and offline runs train on
 * @param heldOutPairs by which reward models are measured
 * @param unseenPrompts that policies answer to be measured, the same for all runs
 * @param rounds of an online run
 * @param prompts that it answers in each
 * @param members of the ensemble
 * @param eta η of RPO
 */
public record OnlinePlan(
        List<Long> seeds,
        int pairs,
        int heldOutPairs,
        int unseenPrompts,
        int rounds,
        int prompts,
        int members,
        double eta) {

    /** Minutes on two cores. */
    public static final OnlinePlan STANDARD = new OnlinePlan(List.of(1L, 2L, 3L), 1024, 256, 256, 4, 256, 4, 0.5);

    public OnlinePlan {
        seeds = List.copyOf(seeds);
    }

    /** One line before it begins. */
    public String describe() {
        return String.format(
                Locale.ROOT,
                "%d runs from one base model: offline and online, DPO and RPO (η = %s), one reward model and an ensemble of"
                        + " %d, %d seeds each.",
                Method.values().length * seeds.size(),
                DemoRun.shortest(eta),
                members,
                seeds.size());
    }

    double eta(Method method) {
        return method.isRegularized() ? eta : 0;
    }
}
