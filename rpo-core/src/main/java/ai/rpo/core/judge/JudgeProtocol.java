package ai.rpo.core.judge;

import java.util.function.BiFunction;

/** Names the protocols that there are. */
public enum JudgeProtocol {
    /** MT-Bench's two games of a pair. */
    MT_BENCH_PAIR((prompts, template) -> new MtBenchPair(prompts)),
    /** MT-Bench's grades from 1 to 10. */
    MT_BENCH_SINGLE((prompts, template) -> new MtBenchSingle(prompts)),
    /** AlpacaEval 2's label probabilities. */
    ALPACA_EVAL_2((prompts, template) -> new AlpacaEval2(prompts)),
    /** The single game of the paper's own test-split evaluation. */
    RPO_PAPER((prompts, template) -> new RpoPaper(prompts)),
    /** A user's own question and verdict. */
    TEMPLATE((prompts, template) -> new TemplateProtocol(template)),
    /** A program's grades of two answers. */
    PROGRAM_PAIR((prompts, template) -> new ProgramProtocol(true)),
    /** A program's grades. */
    PROGRAM_SINGLE((prompts, template) -> new ProgramProtocol(false));

    private final BiFunction<JudgePrompts, TemplateSettings, Protocol> create;

    JudgeProtocol(BiFunction<JudgePrompts, TemplateSettings, Protocol> create) {
        this.create = create;
    }

    /**
     * The protocol with its texts.
     *
     * @throws ai.rpo.core.RpoException where a text that it needs is not among the prompts, or lacks a place
     */
    public Protocol with(JudgePrompts prompts, TemplateSettings template) {
        return create.apply(prompts, template);
    }
}
