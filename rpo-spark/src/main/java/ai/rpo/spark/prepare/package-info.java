/** Turns rows of preference data, as people write them, into token ids in Parquet, and accounts for every row. */
package ai.rpo.spark.prepare;
