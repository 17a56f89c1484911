/** Reads {@code reference.conf}, a file, the environment and {@code -D} into the settings records of the stages. */
package ai.rpo.jobs.config;
