package ai.rpo.jobs.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The keys whose values are rows: files, folders, globs, tables or queries. */
final class RowPaths {

    private static final List<String> LISTS = List.of(
            "rpo.data.train",
            "rpo.data.eval",
            "rpo.sft.data",
            "rpo.generate.prompts",
            "rpo.evaluate.prompts",
            "rpo.rate.completions",
            "rpo.gauge.prompts",
            "rpo.online.prompts",
            "rpo.judge.annotations",
            "rpo.judge.questions",
            "rpo.judge.references");

    private static final String CANDIDATES = "rpo.judge.candidates";

    private RowPaths() {}

    /** Puts other paths in their place; what does not change keeps its origin. */
    static Config map(Config joined, UnaryOperator<String> change) {
        Config mapped = joined;
        for (String key : LISTS) {
            if (!mapped.getIsNull(key)) {
                mapped = mapped.withValue(key, list(mapped.getValue(key), change));
            }
        }
        return mapped.getIsNull(CANDIDATES)
                ? mapped
                : mapped.withValue(CANDIDATES, section(mapped.getObject(CANDIDATES), change));
    }

    private static ConfigValue list(ConfigValue given, UnaryOperator<String> change) {
        if (given.valueType() != ConfigValueType.LIST) {
            return text(given, change);
        }
        List<?> before = (List<?>) given.unwrapped();
        List<String> after = before.stream().map(String::valueOf).map(change).toList();
        return before.equals(after)
                ? given
                : ConfigValueFactory.fromIterable(after, given.origin().description());
    }

    private static ConfigValue section(ConfigObject given, UnaryOperator<String> change) {
        Map<String, ConfigValue> after = new LinkedHashMap<>();
        given.forEach((name, value) ->
                after.put(name, value instanceof ConfigObject below ? section(below, change) : text(value, change)));
        return after.equals(given)
                ? given
                : ConfigValueFactory.fromMap(after, given.origin().description());
    }

    private static ConfigValue text(ConfigValue given, UnaryOperator<String> change) {
        String before = String.valueOf(given.unwrapped());
        String after = change.apply(before);
        return before.equals(after)
                ? given
                : ConfigValueFactory.fromAnyRef(after, given.origin().description());
    }
}
