package ai.rpo.core.generate;

import ai.rpo.core.RpoException;
import ai.rpo.core.decoder.Decoder;
import ai.rpo.core.decoder.KeyValueCache;
import ai.rpo.core.decoder.Parameters;
import ai.rpo.core.tensor.Storage;
import ai.rpo.core.tensor.Workspace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Continues prompts, several at once: as soon as a completion ends, the next prompt takes its place, and every pass
 * computes one new token of each without padding, what came before being cached. A prompt that is asked for several times is
 * computed once, as long as one of its completions is under way.
 *
 * <p>Each prompt has a random stream of its own, so its completion does not depend on those it is computed with, but
 * for the rounding of products whose other rows differ. Serves one thread.
 */
public final class Generator implements AutoCloseable {

    /** Prompt tokens computed at once, where they are not those of a single prompt. */
    private static final int PROMPT_ROWS = 2048;

    private final Decoder decoder;
    private final Parameters weights;
    private final int width;
    private final Workspace workspace;
    private final List<KeyValueCache> idle = new ArrayList<>();
    private final List<KeyValueCache> inUse = new ArrayList<>();

    /**
     * @param width completions computed at once
     */
    public Generator(Decoder decoder, Parameters weights, int width) {
        this.decoder = decoder;
        this.weights = weights;
        this.width = width;
        workspace = new Workspace(decoder.backend());
    }

    /**
     * @param prompt token ids, fewer than the model's context has
     * @param seed of the prompt's own random stream
     */
    public record Request(int[] prompt, long seed) {}

    /**
     * One completion per request, in order, computed as they are asked for. The generator serves one such run at a time.
     *
     * @param eosIds tokens that end a completion, and are part of it
     */
    public Iterator<Completion> generate(
            Iterator<Request> requests, SamplingSettings settings, Collection<Integer> eosIds, StopRule stop) {
        return new Run(requests, settings, Set.copyOf(eosIds), stop);
    }

    /** Gives the scratch memory and the caches back, not the weights; a run that is under way cannot go on. */
    @Override
    public void close() {
        workspace.close();
        for (List<KeyValueCache> caches : List.of(idle, inUse)) {
            caches.forEach(KeyValueCache::free);
            caches.clear();
        }
    }

    private final class Run implements Iterator<Completion> {

        private final Iterator<Request> requests;
        private final SamplingSettings settings;
        private final Set<Integer> eosIds;
        private final StopRule stop;
        private final TokenSampler sampler;
        private final Storage logits;
        private final float[] row;
        private final Deque<Sequence> unasked = new ArrayDeque<>();
        private final List<Sequence> open = new ArrayList<>();

        Run(Iterator<Request> requests, SamplingSettings settings, Set<Integer> eosIds, StopRule stop) {
            this.requests = requests;
            this.settings = settings;
            this.eosIds = eosIds;
            this.stop = stop;
            int vocabulary = decoder.config().vocabularySize();
            sampler = new TokenSampler(settings, vocabulary);
            logits = decoder.backend().allocate((long) width * vocabulary);
            row = new float[vocabulary];
        }

        @Override
        public boolean hasNext() {
            return !unasked.isEmpty() || requests.hasNext();
        }

        @Override
        public Completion next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            while (unasked.isEmpty() || !unasked.peek().finished()) {
                step();
            }
            return unasked.poll().completion();
        }

        private void step() {
            List<Sequence> started = new ArrayList<>();
            Map<Sequence, Sequence> twins = new LinkedHashMap<>(); // with whoever has the same prompt
            int promptRows = 0;
            while (open.size() < width && requests.hasNext() && promptRows < PROMPT_ROWS) {
                Sequence sequence = new Sequence(requests.next());
                Optional<Sequence> twin =
                        open.stream().filter(sequence::isTwinOf).findFirst();
                if (twin.isPresent()) {
                    twins.put(sequence, twin.get());
                } else {
                    promptRows += sequence.promptLength;
                    started.add(sequence);
                }
                unasked.add(sequence);
                open.add(sequence);
            }
            // Prompts are computed apart from the single rows of those under way.
            computeLogits(started);
            twins.forEach(Sequence::takePromptOf); // before the other's cache may go to somebody else
            append(started);
            List<Sequence> others = open.stream()
                    .filter(s -> !started.contains(s) && !s.finished())
                    .toList();
            computeLogits(others);
            append(others);
            open.removeIf(Sequence::finished);
        }

        private void computeLogits(List<Sequence> sequences) {
            if (!sequences.isEmpty()) {
                decoder.nextLogits(
                        weights,
                        sequences.stream().map(Sequence::prefix).toList(),
                        logits.tensor(0, sequences.size(), row.length),
                        workspace);
            }
        }

        private void append(List<Sequence> sequences) {
            for (int i = 0; i < sequences.size(); i++) {
                logits.read((long) i * row.length, row, 0, row.length);
                sequences.get(i).append();
            }
        }

        private final class Sequence {

            private final int promptLength;
            private final int most;
            private final SplittableRandom random;
            private final BitSet seen = new BitSet();
            private int[] ids;
            private int length;
            private KeyValueCache cache;
            private FinishReason reason;

            Sequence(Request request) {
                promptLength = request.prompt().length;
                int context = decoder.config().contextLength();
                if (promptLength < 1 || promptLength >= context) {
                    throw new IllegalArgumentException(
                            "a prompt of " + promptLength + " tokens in a context of " + context);
                }
                most = (int) Math.min(context, (long) promptLength + settings.maxNewTokens());
                random = new SplittableRandom(request.seed());
                ids = request.prompt();
                Arrays.stream(ids).forEach(seen::set);
                length = promptLength;
                cache = borrow(most);
            }

            boolean finished() {
                return reason != null;
            }

            boolean isTwinOf(Sequence other) {
                return promptLength == other.promptLength
                        && Arrays.equals(ids, 0, promptLength, other.ids, 0, promptLength);
            }

            /** All but the last token, whose logits are yet to be computed. */
            void takePromptOf(Sequence twin) {
                decoder.copyPrefix(twin.cache, promptLength - 1, cache);
            }

            Completion completion() {
                return new Completion(Arrays.copyOfRange(ids, promptLength, length), reason);
            }

            Decoder.Prefix prefix() {
                return new Decoder.Prefix(ids, length, cache);
            }

            /** Adds the token that the logits in {@code row} give. */
            void append() {
                int token = sampler.next(row, 0, seen, random);
                if (token < 0) {
                    throw RpoException.data("Cannot continue a prompt of " + promptLength + " tokens: after "
                            + (length - promptLength) + " new tokens the model's logits are not finite."
                            + " Check the model's weights.");
                }
                if (length == ids.length) {
                    ids = Arrays.copyOf(ids, Math.min(most, 2 * length + 1));
                }
                ids[length++] = token;
                seen.set(token);
                reason = reasonToEnd(token);
                if (finished()) {
                    inUse.remove(cache);
                    idle.add(cache);
                    cache = null;
                }
            }

            private FinishReason reasonToEnd(int token) {
                if (eosIds.contains(token)) {
                    return FinishReason.EOS;
                }
                if (stop.ends(ids, promptLength, length)) {
                    return FinishReason.STOP;
                }
                return length == most ? FinishReason.LENGTH : null;
            }
        }
    }

    private KeyValueCache borrow(int tokens) {
        KeyValueCache cache = idleOrNew(tokens);
        inUse.add(cache);
        return cache;
    }

    /** A cache that was used before if one is large enough; too small ones make room for a new one. */
    private KeyValueCache idleOrNew(int tokens) {
        for (int i = 0; i < idle.size(); i++) {
            if (idle.get(i).capacity() >= tokens) {
                KeyValueCache cache = idle.remove(i);
                cache.clear();
                return cache;
            }
        }
        if (!idle.isEmpty()) {
            idle.remove(0).free();
        }
        int roomy = tokens < 1 << 29 ? Integer.highestOneBit(tokens - 1) * 2 : tokens;
        return decoder.cache(Math.min(Math.max(roomy, tokens), decoder.config().contextLength()));
    }
}
