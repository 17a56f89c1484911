package ai.rpo.core.preference;

import ai.rpo.core.preference.PreferenceRecord.ReferenceLogps;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * {@code {"prompt_ids": [int], "chosen_ids": [int], "rejected_ids": [int]}}, with
 * {@code "ref_chosen_logps", "ref_rejected_logps": number} where the reference model has scored the row already.
 */
final class TokenPairFormat implements RowFormat {

    @Override
    public String name() {
        return "tokenised";
    }

    @Override
    public List<String> fields() {
        return List.of("prompt_ids", "chosen_ids", "rejected_ids");
    }

    @Override
    public boolean recognises(ObjectNode row) {
        return Fields.areIn(row, fields());
    }

    @Override
    public PreferenceRecord read(ObjectNode row) throws UnfitRowException {
        return new PreferenceRecord.TokenPair(
                Fields.tokenIds(row, "prompt_ids"),
                Fields.tokenIds(row, "chosen_ids"),
                Fields.tokenIds(row, "rejected_ids"),
                reference(row));
    }

    private static Optional<ReferenceLogps> reference(ObjectNode row) throws UnfitRowException {
        if (!row.hasNonNull("ref_chosen_logps") && !row.hasNonNull("ref_rejected_logps")) {
            return Optional.empty();
        }
        return Optional.of(new ReferenceLogps(
                Fields.logProbability(row, "ref_chosen_logps"), Fields.logProbability(row, "ref_rejected_logps")));
    }
}
