/** The Parquet files that the stages hand to each other: their columns, and their rows as core types. */
package ai.rpo.spark.dataset;
