package ai.rpo.jobs.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** A stage's own report as tables: whatever it counted is shown, under the names it gave. */
final class JsonTables {

    private static final int MOST_ROWS = 200;

    private JsonTables() {}

    static Html of(JsonNode json) {
        List<Html> facts = new ArrayList<>();
        List<Html> tables = new ArrayList<>();
        collect("", json, facts, tables);
        Html first = facts.isEmpty()
                ? Html.EMPTY
                : Html.of("<div class=\"scroll\"><table class=\"facts\"><tbody>{}</tbody></table></div>", facts);
        return Html.of("{}{}", first, tables);
    }

    private static void collect(String path, JsonNode json, List<Html> facts, List<Html> tables) {
        if (path.endsWith("histogram")) {
            return; // too long for a table; the quantiles beside it say as much
        }
        if (json.isObject()) {
            json.fields()
                    .forEachRemaining(field -> collect(
                            path.isEmpty() ? field.getKey() : path + " · " + field.getKey(),
                            field.getValue(),
                            facts,
                            tables));
        } else if (json.isArray() && !json.isEmpty() && json.get(0).isObject()) {
            tables.add(table(path, json));
        } else if (json.isArray()) {
            List<String> values = new ArrayList<>();
            json.forEach(value -> values.add(scalar(value)));
            facts.add(row(path, String.join(", ", values)));
        } else {
            facts.add(row(path, scalar(json)));
        }
    }

    private static Html row(String name, String value) {
        return Html.of("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", name, value);
    }

    private static Html table(String title, JsonNode rows) {
        Set<String> columns = new LinkedHashSet<>();
        rows.forEach(row -> row.fieldNames().forEachRemaining(columns::add));
        List<Html> head = columns.stream()
                .map(column -> Html.of("<th scope=\"col\">{}</th>", column))
                .toList();
        List<Html> body = new ArrayList<>();
        for (int i = 0; i < Math.min(MOST_ROWS, rows.size()); i++) {
            JsonNode row = rows.get(i);
            body.add(Html.of(
                    "<tr>{}</tr>",
                    columns.stream()
                            .map(column -> Html.of("<td>{}</td>", scalar(row.path(column))))
                            .toList()));
        }
        String more = rows.size() > MOST_ROWS ? " (the first " + MOST_ROWS + " of " + rows.size() + ")" : "";
        return Html.of(
                "<h3>{}{}</h3><div class=\"scroll\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
                title,
                more,
                head,
                body);
    }

    private static String scalar(JsonNode value) {
        if (value.isNumber()) {
            return Numbers.format(value.asDouble());
        }
        return value.isMissingNode() || value.isNull() ? "–" : value.isValueNode() ? value.asText() : value.toString();
    }
}
