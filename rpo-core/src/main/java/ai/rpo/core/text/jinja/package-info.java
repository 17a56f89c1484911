/**
 * The dialect of Jinja that chat templates are written in, as transformers sets it up: {@code trim_blocks} and
 * {@code lstrip_blocks} on, immutable values, {@code raise_exception}, {@code strftime_now}, {@code tojson} without HTML
 * escapes, {@code break} and {@code continue}, {@code generation} blocks. An interpreter of our own since no Java library
 * renders chat templates byte for byte and Hugging Face's JavaScript one needs a JavaScript engine on every executor.
 * Values are data: text in them is never evaluated, and nothing outside of them can be reached.
 */
package ai.rpo.core.text.jinja;
