#!/usr/bin/env python3
"""Three tiny tokenizers of the kinds in use, and what transformers makes of some texts with each.

usage: make_tokenizers.py OUT_FOLDER        needs tokenizers and transformers; writes NAME/tokenizer*.json and expected.json
Texts are encoded with split_special_tokens, so that a special token spelled in a text stays text.
"""
import json, sys
from pathlib import Path
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

TEXTS = ["", " ", "the cat sat on the mat", " and the dog ran", "dogs", "naïve café 😀", "line\nbreak\ttab", "end</s>now",
         "say <|im_end|> twice <|im_end|>", "<|im_start|>user\nhi<|im_end|>", "call <tool> now", "<s>", "zz qq"]
CORPUS = ["the cat sat on the mat and the dog ran after the cat", "a dog and a cat sat", "the end of the line"] * 4


def sentencepiece():
    """As Llama 2: word boundaries are prepended, bytes are the fallback, BOS is added, the special tokens are in the vocabulary."""
    t = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=340, special_tokens=special, show_progress=False))
    spec = json.loads(t.to_str())
    spec["added_tokens"] = [a for a in spec["added_tokens"] if a["id"] < 3]
    t = Tokenizer.from_str(json.dumps(spec))
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    return t, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, None


def byte_level():
    """As Qwen: byte-level BPE, the special tokens outside the model's vocabulary, and after them a token that is ordinary text.
    The file also asks for padding and truncation, which must not be applied."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    t.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")])
    t.add_tokens([AddedToken("<tool>", special=False, normalized=False)])
    return t, {"eos_token": "<|im_end|>"}, [t.token_to_id("<|im_end|>"), t.token_to_id("<|endoftext|>")]


def unigram():
    """As T5: </s> is a piece of the model itself, so text that spells it cannot be kept apart from it, and EOS is appended."""
    pieces = [("<unk>", 0.0), ("</s>", 0.0), ("▁", -3.0)] + [(c, -5.0) for c in "abcdefghijklmnopqrstuvwxyz</>|_"] + [("▁the", -2.0), ("▁cat", -2.5), ("at", -3.0)]
    t = Tokenizer(models.Unigram(pieces, unk_id=0))
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.decoder = decoders.Metaspace()
    t.add_special_tokens([AddedToken("</s>", special=True, normalized=False)])
    t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return t, {"eos_token": "</s>", "unk_token": "<unk>"}, None


out = Path(sys.argv[1])
expected = {}
for make in (sentencepiece, byte_level, unigram):
    name, (t, config, generation_eos) = make.__name__, make()
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    tok = PreTrainedTokenizerFast(tokenizer_object=t, **config)
    expected[name] = {
        "prefix": [i for i in tok("a").input_ids if i in tok.all_special_ids and i != tok.eos_token_id],
        "eos": [tok.eos_token_id],
        "texts": [{"text": s, "ids": tok(s, add_special_tokens=False, split_special_tokens=True).input_ids} for s in TEXTS],
    }
    if generation_eos:
        expected[name]["eos"] = generation_eos
        (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": generation_eos}) + "\n")
    spec = json.loads(t.to_str())
    if name == "byte_level":
        spec["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
        spec["padding"] = {"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "!"}
    (folder / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False) + "\n", encoding="utf8")
    (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
(out / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf8")
