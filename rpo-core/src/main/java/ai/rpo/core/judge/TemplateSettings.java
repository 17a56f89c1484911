package ai.rpo.core.judge;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The keys of {@code rpo.judge.template}: a user's own protocol.
 *
 * @param system the system message; none where absent
 * @param user the user's message with places {@code {question}}, {@code {answer_a}} and {@code {answer_b}}
 * @param verdict regular expression whose last match in the judge's answer is the verdict: its first group, or all of it
 * @param first what that says where the answer shown first is the better one
 * @param second the same of the other
 * @param tie the same where neither is better
 * @param maxTokens the longest answer of the judge
 */
public record TemplateSettings(
        Optional<String> system,
        Optional<String> user,
        String verdict,
        String first,
        String second,
        String tie,
        int maxTokens) {

    public TemplateSettings {
        List<String> problems = new ArrayList<>();
        try {
            Pattern.compile(verdict);
        } catch (PatternSyntaxException e) {
            problems.add("verdict must be a regular expression, but is " + verdict);
        }
        if (maxTokens < 1) {
            problems.add("max-tokens must be at least 1, but is " + maxTokens);
        }
        if (first.equals(second) || first.equals(tie) || second.equals(tie)) {
            problems.add("first must differ from second and tie, which differ too, but is " + first);
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }
}
