/** Says what a model must reach before it may take another's place, and what was measured of it. */
package ai.rpo.jobs.gates;
