package ai.rpo.core.dl4j;

import ai.rpo.core.decoder.Example;
import ai.rpo.core.loss.TrainingExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An optimizer batch as the arrays that DL4J carries.
 *
 * <p>Features: one row of INT32, for each example its prompt length, its number of completions, their lengths, then
 * the token ids. Labels: one row of FLOAT64, for each example its ordinal, the number of its reference
 * log-probabilities (0 for supervised data), and those.
 */
public final class ExampleCodec {

    private ExampleCodec() {}

    public static MultiDataSet encode(List<TrainingExample> batch) {
        List<Integer> ids = new ArrayList<>();
        List<Double> numbers = new ArrayList<>();
        for (TrainingExample row : batch) {
            Example example = row.example();
            ids.add(example.prompt().length);
            ids.add(example.completions().size());
            example.completions().forEach(c -> ids.add(c.length));
            addAll(ids, example.prompt());
            example.completions().forEach(c -> addAll(ids, c));
            numbers.add((double) row.ordinal());
            numbers.add((double) row.referenceLogps().length);
            for (double logp : row.referenceLogps()) {
                numbers.add(logp);
            }
        }
        INDArray features =
                Nd4j.createFromArray(ids.stream().mapToInt(Integer::intValue).toArray());
        INDArray labels = Nd4j.createFromArray(
                numbers.stream().mapToDouble(Double::doubleValue).toArray());
        return new org.nd4j.linalg.dataset.MultiDataSet(
                features.reshape(1, features.length()), labels.reshape(1, labels.length()));
    }

    static List<TrainingExample> decode(INDArray features, INDArray labels) {
        if (features.dataType() != DataType.INT32 || labels.dataType() != DataType.DOUBLE) {
            throw new IllegalArgumentException("A batch holds INT32 features and FLOAT64 labels, not "
                    + features.dataType() + " and " + labels.dataType() + ".");
        }
        int[] ids = features.data().getIntsAt(features.offset(), Math.toIntExact(features.length()));
        double[] numbers = labels.data().getDoublesAt(labels.offset(), Math.toIntExact(labels.length()));
        List<TrainingExample> batch = new ArrayList<>();
        Cursor cursor = new Cursor(ids);
        int number = 0;
        while (cursor.at < ids.length) {
            Example example = cursor.example();
            long ordinal = (long) numbers[number++];
            double[] reference = new double[(int) numbers[number++]];
            System.arraycopy(numbers, number, reference, 0, reference.length);
            number += reference.length;
            batch.add(new TrainingExample(ordinal, example, reference));
        }
        return batch;
    }

    private static void addAll(List<Integer> ids, int[] values) {
        for (int value : values) {
            ids.add(value);
        }
    }

    private static final class Cursor {
        private final int[] ids;
        private int at;

        private Cursor(int[] ids) {
            this.ids = ids;
        }

        private Example example() {
            int promptLength = ids[at++];
            int[] lengths = take(ids[at++]);
            int[] prompt = take(promptLength);
            List<int[]> completions = new ArrayList<>();
            for (int length : lengths) {
                completions.add(take(length));
            }
            return new Example(prompt, completions);
        }

        private int[] take(int length) {
            int[] taken = Arrays.copyOfRange(ids, at, at + length);
            at += length;
            return taken;
        }
    }
}
