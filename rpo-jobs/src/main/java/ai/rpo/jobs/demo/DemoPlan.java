package ai.rpo.jobs.demo;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Says what the demo tries. The seeds are the first ones, and none was left out.
 *
 * @param etas values of η; 0 is DPO
 * @param seeds of the pairs, their labels and the order of training
 * @param pairs that a run trains on
 * @param heldOutPairs that it is evaluated on
 * @param unseenPrompts that its policy answers after each epoch, the same for all runs
 */
public record DemoPlan(List<Double> etas, List<Long> seeds, int pairs, int heldOutPairs, int unseenPrompts) {

    /** Minutes on two cores. */
    public static final DemoPlan STANDARD =
            new DemoPlan(List.of(0.0, 0.1, 0.5, 1.0), List.of(1L, 2L, 3L, 4L, 5L, 6L), 512, 128, 256);

    public DemoPlan {
        etas = List.copyOf(etas);
        seeds = List.copyOf(seeds);
    }

    /** One line before it begins. */
    public String describe() {
        return String.format(
                Locale.ROOT, "%d runs from one base model: η = %s, %d seeds each.", runs(), etasAsText(), seeds.size());
    }

    String etasAsText() {
        return etas.stream().map(DemoRun::shortest).collect(Collectors.joining(", "));
    }

    int runs() {
        return etas.size() * seeds.size();
    }
}
