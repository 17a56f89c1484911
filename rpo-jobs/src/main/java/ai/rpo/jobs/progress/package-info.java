/** How far a command has come, for whoever watches it: a person, a log, a scheduler. */
package ai.rpo.jobs.progress;
