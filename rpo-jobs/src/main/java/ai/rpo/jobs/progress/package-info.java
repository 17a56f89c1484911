/** Says how far a command has come, to whoever watches it: a person, a log, a scheduler. */
package ai.rpo.jobs.progress;
