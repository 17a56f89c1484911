/** The commands of the program: what each one makes, and what it says. */
package ai.rpo.jobs.command;
