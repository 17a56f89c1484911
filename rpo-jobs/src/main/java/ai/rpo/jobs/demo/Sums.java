package ai.rpo.jobs.demo;

import ai.rpo.core.RpoException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A task whose reward is a program: sums of two numbers below 50, and a verifier that knows the right one. What is written is
 * what the recipes {@code sums-start} and {@code sums-online} read.
 */
public final class Sums {

    static final int BELOW = 50;

    /** 400 batches of 64. */
    private static final int SUPERVISED_ROWS = 25_600;

    private static final int PROMPTS = 512;
    private static final int UNSEEN = 500;

    /** The supervised answers are right by this share. */
    private static final double RIGHT = 0.5;

    private static final long SEED = 20_240_527;

    /** These stand where the demo's tokenizer has letters. */
    private static final String SYMBOLS = "0123456789+-*/()";

    private static final ObjectMapper JSON = new ObjectMapper();

    private Sums() {}

    /** Two numbers to be added. */
    record Sum(int a, int b) {

        String prompt() {
            return a + "+" + b + "=";
        }

        String right() {
            return String.valueOf(a + b);
        }

        /** Half of the time the right answer; else one with a carry forgotten, or with a digit that is one off. */
        String careless(RandomGenerator random) {
            if (random.nextDouble() < RIGHT) {
                return right();
            }
            boolean carries = a % 10 + b % 10 >= 10;
            if (carries && random.nextBoolean()) {
                return String.valueOf(a + b - 10);
            }
            int off = (random.nextBoolean() ? 1 : 10) * (random.nextBoolean() ? 1 : -1);
            return String.valueOf(Math.abs(a + b + off));
        }
    }

    /**
     * Writes an untrained model of the demo's shape, answers for it to begin with, prompts with right answers, and others that
     * nothing is trained on.
     *
     * @param folder gets {@code untrained/}, {@code answers.jsonl}, {@code prompts.jsonl} and {@code unseen.jsonl}
     * @throws RpoException where the folder already holds an untrained model, or cannot be written
     */
    public static void write(Path folder) {
        try {
            Path base = Files.createTempDirectory("rpo-base-");
            BaseModel.unpack(base);
            Path tokenizer = base.resolve("tokenizer.json");
            Files.writeString(tokenizer, withSymbols(Files.readString(tokenizer)));
            WorldFiles.writeUntrainedModel(folder.resolve("untrained"), base, 1);
            DemoFolder.delete(base);

            List<Sum> all = new ArrayList<>();
            for (int a = 0; a < BELOW; a++) {
                for (int b = 0; b < BELOW; b++) {
                    all.add(new Sum(a, b));
                }
            }
            Collections.shuffle(all, new Random(SEED));
            List<Sum> seen = all.subList(UNSEEN, all.size());
            SplittableRandom random = new SplittableRandom(SEED);
            List<Sum> supervised = random.ints(SUPERVISED_ROWS, 0, seen.size())
                    .mapToObj(seen::get)
                    .toList();
            WorldFiles.writeRows(
                    folder.resolve("answers.jsonl"),
                    supervised,
                    sum -> WorldFiles.row("prompt", sum.prompt(), "completion", sum.careless(random)));
            writePrompts(folder.resolve("prompts.jsonl"), seen.subList(0, PROMPTS));
            writePrompts(folder.resolve("unseen.jsonl"), all.subList(0, UNSEEN));
        } catch (IOException e) {
            throw new RpoException(
                    RpoException.Kind.RETRYABLE,
                    String.format(
                            Locale.ROOT, "Cannot write to %s: %s. Check the disk's space and permissions.", folder, e),
                    e);
        }
    }

    private static void writePrompts(Path file, List<Sum> sums) throws IOException {
        WorldFiles.writeRows(file, sums, sum -> WorldFiles.row("prompt", sum.prompt(), "reference", sum.right()));
    }

    /** Gives the demo's tokenizer other symbols in place of its letters. */
    static String withSymbols(String tokenizer) throws IOException {
        ObjectNode file = (ObjectNode) JSON.readTree(tokenizer);
        ObjectNode vocabulary = (ObjectNode) file.at("/model/vocab");
        for (int i = 0; i < SYMBOLS.length(); i++) {
            String letter = LetterWorld.LETTERS.substring(i, i + 1);
            vocabulary.set(SYMBOLS.substring(i, i + 1), vocabulary.remove(letter));
        }
        return JSON.writeValueAsString(file);
    }
}
