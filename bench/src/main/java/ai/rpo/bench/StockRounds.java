package ai.rpo.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Times what DL4J's own averaging master needs for a round beside its steps. Its network is one of DL4J's own with as many
 * parameters and Adam: an embedding under one output, so that a step is short and its data are next to nothing.
 */
final class StockRounds {

    private static final int WIDTH = 64;

    private final Rounds rounds;
    private final ComputationGraph network;

    StockRounds(Rounds rounds) {
        this.rounds = rounds;
        int words = Math.toIntExact(rounds.shape().parameters() / WIDTH);
        network = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .dataType(DataType.FLOAT)
                .updater(new Adam(1e-6))
                .graphBuilder()
                .addInputs("word")
                .addLayer(
                        "embedding",
                        new EmbeddingLayer.Builder()
                                .nIn(words)
                                .nOut(WIDTH)
                                .activation(Activation.IDENTITY)
                                .build(),
                        "word")
                .addLayer(
                        "output",
                        new OutputLayer.Builder(LossFunction.MSE)
                                .nIn(WIDTH)
                                .nOut(1)
                                .activation(Activation.IDENTITY)
                                .build(),
                        "embedding")
                .setOutputs("output")
                .build());
        network.init();
    }

    /** Returns the median seconds of a round without its steps. */
    double median(JavaSparkContext spark) {
        double[] seconds = new double[rounds.rounds()];
        for (int round = 0; round < seconds.length; round++) {
            JavaRDD<MultiDataSet> data =
                    spark.parallelize(batches(rounds.workers() * rounds.frequency()), rounds.workers());
            long began = System.nanoTime();
            new SparkComputationGraph(
                            spark,
                            network,
                            new ParameterAveragingTrainingMaster.Builder(rounds.workers(), 1)
                                    .rddTrainingApproach(RDDTrainingApproach.Direct)
                                    .repartionData(Repartition.Never)
                                    .batchSizePerWorker(1)
                                    .averagingFrequency(rounds.frequency())
                                    .saveUpdater(true)
                                    .build())
                    .fitMultiDataSet(data);
            seconds[round] = (System.nanoTime() - began) / 1e9;
        }
        Arrays.sort(seconds);
        return seconds[seconds.length / 2] - rounds.frequency() * stepSeconds();
    }

    private double stepSeconds() {
        List<MultiDataSet> batches = batches(4);
        batches.forEach(network::fit);
        long began = System.nanoTime();
        batches.forEach(network::fit);
        return (System.nanoTime() - began) / 1e9 / batches.size();
    }

    private static List<MultiDataSet> batches(int count) {
        List<MultiDataSet> batches = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            batches.add(new org.nd4j.linalg.dataset.MultiDataSet(
                    Nd4j.scalar(DataType.FLOAT, i).reshape(1, 1), Nd4j.ones(DataType.FLOAT, 1, 1)));
        }
        return batches;
    }
}
