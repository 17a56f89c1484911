package ai.rpo.jobs.pipeline;

import ai.rpo.spark.device.LocalModel;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a person what a run finds, and once each what it passes over in the models that it reads. */
final class Remarks {

    private static final Logger LOG = LoggerFactory.getLogger(Remarks.class);

    private final Consumer<String> reader;
    private final Set<String> said = new LinkedHashSet<>();

    /** @param reader is told beside the log */
    Remarks(Consumer<String> reader) {
        this.reader = reader;
    }

    /** Tells what a stage has found. */
    void note(String finding) {
        LOG.info("{}", finding);
        reader.accept(finding);
    }

    LocalModel of(LocalModel model) {
        for (String remark : model.remarks()) {
            if (said.add(remark)) {
                LOG.warn("{}", remark);
                reader.accept(remark);
            }
        }
        return model;
    }
}
