package ai.rpo.core.objective;

import java.util.Map;

/**
 * Holds one example's part in its batch.
 *
 * @param coefficients ∂L/∂log π of each completion, or ∂L/∂reward where the objective {@linkplain Objective.Needs#rewards is over
 *     rewards}; of each token, completion after completion, where the objective
 *     {@linkplain Objective.Needs#tokens asks for tokens}
 * @param values one for each metric of the objective
 */
public record Outcome(double[] coefficients, Map<Metric, Double> values) {}
