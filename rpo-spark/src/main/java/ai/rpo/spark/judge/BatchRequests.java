package ai.rpo.spark.judge;

import ai.rpo.core.judge.BatchLines;
import ai.rpo.spark.judge.AnswerSource.Asking;
import ai.rpo.spark.store.SmallFile;
import ai.rpo.spark.store.Stores;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Writes batch files that keep within OpenAI's limits: one model, and no more than so many lines and bytes. */
final class BatchRequests {

    private static final int MOST_LINES = 50_000;

    /** OpenAI takes 200 MB; a file is made in memory. */
    private static final int MOST_BYTES = 64 << 20;

    private final String model;
    private final Path folder;
    private final Configuration hadoop;

    BatchRequests(String model, Path folder, Configuration hadoop) {
        this.model = model;
        this.folder = folder;
        this.hadoop = hadoop;
    }

    /**
     * Replaces what is in the folder.
     *
     * @return how many files there are
     */
    int write(Iterator<Asking> questions) {
        return write(questions, MOST_LINES, MOST_BYTES);
    }

    int write(Iterator<Asking> questions, int mostLines, int mostBytes) {
        Stores.delete(folder, hadoop);
        Set<String> written = new HashSet<>();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        int lines = 0;
        int files = 0;
        while (questions.hasNext()) {
            Asking asking = questions.next();
            if (!written.add(asking.key())) {
                continue;
            }
            byte[] line = (BatchLines.request(asking.key(), model, asking.question()) + "\n")
                    .getBytes(StandardCharsets.UTF_8);
            if (lines == mostLines || lines > 0 && file.size() + line.length > mostBytes) {
                publish(files++, file);
                lines = 0;
            }
            file.writeBytes(line);
            lines++;
        }
        publish(files, file);
        return files + 1;
    }

    private void publish(int number, ByteArrayOutputStream file) {
        String name = String.format(Locale.ROOT, "requests-%05d.jsonl", number);
        new SmallFile(new Path(folder, name), hadoop).write(file.toByteArray());
        file.reset();
    }
}
