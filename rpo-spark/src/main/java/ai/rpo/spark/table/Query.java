package ai.rpo.spark.table;

import ai.rpo.core.RpoException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.QueryPlan;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.ParsedStatement;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** Asks Spark's parser what a text is, before anything is carried out. */
final class Query {

    private Query() {}

    /**
     * Lets queries pass.
     *
     * @throws RpoException where the text is none, or would change something
     */
    static void require(TableSource source, SparkSession spark) {
        LogicalPlan plan;
        try {
            plan = spark.sessionState().sqlParser().parsePlan(source.text());
        } catch (Exception e) { // Spark declares checked exceptions to Scala alone
            throw RpoException.configuration(
                    "Cannot read " + source + ": it is not a query (" + SparkMessage.of(e) + "). Write sql:SELECT ….");
        }
        if (changesSomething(plan)) {
            throw RpoException.configuration("Cannot read " + source
                    + ": it is a command, and rows are read by queries alone. Write sql:SELECT ….");
        }
    }

    private static boolean changesSomething(QueryPlan<?> plan) {
        return plan instanceof Command
                || plan instanceof ParsedStatement
                || changesSomething(plan.children())
                || changesSomething(plan.innerChildren());
    }

    private static boolean changesSomething(Seq<?> plans) {
        return JavaConverters.seqAsJavaList(plans).stream()
                .anyMatch(plan -> plan instanceof QueryPlan<?> below && changesSomething(below));
    }

    /** Tells whether a query says itself in which order its rows come. */
    static boolean isOrdered(LogicalPlan analyzed) {
        LogicalPlan plan = analyzed;
        while (plan instanceof Project || plan instanceof GlobalLimit || plan instanceof LocalLimit) {
            plan = plan.children().head();
        }
        return plan instanceof Sort sort && sort.global();
    }
}
