/** The stages of a run, in what order they are made, and when an artifact that is already there will do. */
package ai.rpo.jobs.pipeline;
