/** Tables and queries in place of files of rows: which rows they are, copied once, and results written to tables. */
package ai.rpo.spark.table;
