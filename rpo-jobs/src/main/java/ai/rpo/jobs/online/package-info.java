/** Online alignment: a policy learns from its own completions, round by round. */
package ai.rpo.jobs.online;
