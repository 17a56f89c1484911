/** Nights: what of the data is new to the model in production, and where a night's work lies. */
package ai.rpo.jobs.retrain;
