/** Keeps what a run leaves behind, on any Hadoop file system: artifacts that are whole or absent, and small files. */
package ai.rpo.spark.store;
