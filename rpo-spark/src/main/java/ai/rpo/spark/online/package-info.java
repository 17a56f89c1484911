/** Makes preference pairs of a policy's own completions and their ratings. */
package ai.rpo.spark.online;
