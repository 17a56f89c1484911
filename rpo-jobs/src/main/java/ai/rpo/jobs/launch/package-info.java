/** Provides what a process needs before its first stage: a Spark session, and a place for the log. */
package ai.rpo.jobs.launch;
