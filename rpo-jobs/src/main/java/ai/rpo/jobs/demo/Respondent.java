package ai.rpo.jobs.demo;

import java.util.List;

/** A model that answers prompts of the letter world by sampling at temperature 1. */
@FunctionalInterface
interface Respondent {

    /**
     * @param letters of each prompt
     * @param seed decides the samples, together with a prompt's place; equal arguments give equal answers
     * @return one answer a prompt, in order
     */
    List<Answer> answers(List<String> letters, long seed);
}
