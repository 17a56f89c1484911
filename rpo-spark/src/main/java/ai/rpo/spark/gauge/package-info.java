/** Measures, by its own completions, how far a policy has come from its reference and what that is worth. */
package ai.rpo.spark.gauge;
