/** Tells others how training goes on: MLflow, TensorBoard, and Spark's metrics system for Prometheus. */
package ai.rpo.jobs.track;
