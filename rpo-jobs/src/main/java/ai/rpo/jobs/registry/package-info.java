/** Models that were registered, with where each came from, and which of them is in production. */
package ai.rpo.jobs.registry;
