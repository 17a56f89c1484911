/** From {@code reference.conf}, a file, the environment and {@code -D} to the settings records of the stages. */
package ai.rpo.jobs.config;
