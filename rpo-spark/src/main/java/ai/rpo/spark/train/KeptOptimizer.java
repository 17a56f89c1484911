package ai.rpo.spark.train;

import org.apache.hadoop.fs.Path;

/**
 * Names the training whose optimizer another one goes on with, from the checkpoint that became its model.
 *
 * @param training folder of its metrics and checkpoints
 * @param run what it depended on
 */
public record KeptOptimizer(Path training, String run) {}
