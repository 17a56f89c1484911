#!/usr/bin/env python3
"""What transformers renders where filters, methods, tests and globals of Jinja are given their arguments, each in turn.

usage: make_arguments.py OUT.json.gz        needs transformers

Every filter, test and global of the environment is in OUT, and every method of text, dictionaries and lists: with values of its
parameters, with one argument too many and with one of an unknown name. A case has what was rendered, or "error". Those with "refused"
are of functions that the project does not know and refuses by their name.
"""
import copy, gzip, json, sys
import jinja2.sandbox
from transformers.utils.chat_template_utils import _compile_jinja_template as compile_template

KNOWN_FILTERS = "abs capitalize count d default dictsort e escape first float indent int items join last length list lower map max min reject rejectattr replace reverse round safe select selectattr sort string sum title tojson trim unique upper".split()
KNOWN_TESTS = "boolean callable defined divisibleby eq equalto even false float ge greaterthan gt in integer iterable le lessthan lower lt mapping ne none number odd sameas sequence string true undefined upper".split()
KNOWN_METHODS = {"str": "capitalize count endswith find index isdigit islower isspace isupper join lower lstrip removeprefix removesuffix replace rfind rindex rsplit rstrip split splitlines startswith strip title upper".split(),
                 "dict": "get items keys values".split(), "list": "count index".split()}
VARIABLES = {"people": [{"name": "Ann", "age": 3, "pet": {"kind": "Cat"}}, {"name": "bob", "age": 1, "pet": {"kind": "ape"}}, {"name": "ann", "age": 3, "pet": {"kind": "cat"}}],
             "table": {"b": 2, "A": 1, "c": "x", "B": "y"}, "counts": {"b": 1, "A": 3, "c": 2}, "text": "one two-three  o'neil (four) [five]\n\tsix\u2028seven\r\neight 中a ßx ǆ ªb\x85end\n",
             "big": 123456789012345678901234567890, "max": 9223372036854775807, "half": 2.5, "words": ["b", "A", "a", "B", "b"], "mixed": [1, 1.0, True, 2, "1"], "nested": [[1, "x"], [2, "y"], [1, "z"]], "nothing": None,
             "html": "<a href='x'>&\"", "digits": "0x1F", "lines": "a\n\n  b\r\nc\x0bd\n"}
INPUTS = ["text", "table", "words", "people", "mixed", "big", "half", "nothing", "missing", "'12'", "[]", "nested", "lines", "html", "-3"]
NUMBERS = INPUTS + ["max", "true", "''", "'ß'", "' 1_000 '", "'0x1F'", "'-7.9'", "'1e3'", "'1f'", "'inf'", "'nan'", "'99999999999999999999'",]
ARGUMENTS = {
    "default": ["'x'", "'x', true", "default_value='x'", "boolean=true", "'x', boolean=1"], "int": ["7", "default=7", "0, 16", "base=16", "-1, base=2", "0, 0", "0, 36", "none"], "float": ["7", "default=1.5", "none"],
    "indent": ["2", "'> '", "2, true", "2, true, true", "blank=true", "first=true, width=1"], "join": ["'-'", "d='+'", "', ', 'name'", "attribute='name'", "', ', attribute='pet.kind'", "1, 1", "'', 0"],
    "max": ["true", "case_sensitive=true", "attribute='age'", "false, 'name'", "true, 'name'", "attribute='pet.kind'", "attribute=1"], "replace": ["'o', '0'", "'o', '0', 1", "'o', '0', count=2", "1, 2", "'', '.'", "'o', '0', none", "'o', none", "old='o', new='0'"],
    "round": ["1", "-1", "1, 'floor'", "0, 'ceil'", "method='ceil'", "precision=2", "0, 'up'", "-29"], "sort": ["true", "false, true", "case_sensitive=true", "attribute='age'", "reverse=true, attribute='age'", "attribute='age,name'", "true, true, 'pet.kind'", "attribute=1", "attribute='pet.kind,age'"],
    "sum": ["'age'", "attribute='age'", "start=10", "'age', 5", "0", "start=[]"], "tojson": ["true", "false, 2", "indent=1", "indent='--'", "separators=(',', ':')", "sort_keys=true", "false, none, none, true", "ensure_ascii=true, indent=0"],
    "trim": ["'on'", "chars='e\n'", "none", "''"], "unique": ["true", "case_sensitive=true", "attribute='age'", "false, 'name'", "attribute='name', case_sensitive=true", "attribute=0"], "dictsort": ["true", "false, 'value'", "by='value'", "reverse=true", "true, 'key', true", "by='x'", "case_sensitive=true, reverse=true"],
    "map": ["'upper'", "'int', 5", "'default', 'x', true", "attribute='name'", "attribute='nope', default='?'", "attribute='pet.kind'", "'join', '-'", "'replace', 'a', 'o'", "attribute='name', other=1", "attribute=0", "'trim', 'A', 1"], "select": ["'string'", "'eq', 'b'", "'in', ['a', 1]", "'>', 1", "'odd'"],
    "selectattr": ["'age'", "'age', 'eq', 3", "'name', 'in', ['Ann']", "'pet.kind', 'equalto', 'cat'", "'age', 'odd'", "'nope', 'defined'", "0, 'eq', 1", "attribute='age'"]}
ARGUMENTS.update({"d": ARGUMENTS["default"], "min": ARGUMENTS["max"], "reject": ARGUMENTS["select"], "rejectattr": ARGUMENTS["selectattr"]})
STR_ARGUMENTS = {"count": ["'o'", "'o', 5", "'o', 2, -3", "'o', none, 9", "''", "'', 3, 2", "'o', -4", "sub='o'"], "split": ["", "none, 1", "' '", "' ', 2", "sep='o'", "sep='o', maxsplit=1", "maxsplit=2", "none, 0", "none, maxsplit=-1", "''"],
    "splitlines": ["", "true", "keepends=true", "false"], "startswith": ["'one'", "('x', 'one')", "'two', 4", "'two', 4, 6", "'', 500", "'e', -4", "['one']", "'one', none, none"], "strip": ["", "'on'", "none", "'e\n'", "chars='o'"],
    "replace": ["'o', '0'", "'o', '0', 1", "'', '.', 3", "'o', 1"], "join": ["['a', 'b']", "'abc'", "[1]", "table", "[]", "words | map('upper')", "iterable=['a']"], "removeprefix": ["'one'", "'x'", "prefix='one'"], "removesuffix": ["'end\n'", "'x'"]}
for same, names in {"count": ["find", "rfind", "index", "rindex"], "split": ["rsplit"], "startswith": ["endswith"], "strip": ["lstrip", "rstrip"]}.items():
    for name in names: STR_ARGUMENTS[name] = STR_ARGUMENTS[same]
DICT_ARGUMENTS = {"get": ["'b'", "'z'", "'z', 1", "'z', default=1", "key='b'"]}
LIST_ARGUMENTS = {"index": ["'A'", "'b', 1", "'b', 1, 3", "'b', -2", "'z'", "value='b'"], "count": ["'b'", "'z'"]}
GLOBALS = {"range": ["3", "1, 4", "1, 9, 3", "5, 0, -2", "0", "", "1, 2, 3, 4", "stop=3", "1.5"], "dict": ["", "a=1", "{'a': 1}", "{'a': 1}, b=2", "[('a', 1), ['b', 2]]", "table, b=0", "1", "{}, {}"], "namespace": ["", "a=1", "{'a': 1}, b=2"], "raise_exception": ["'x'", "message='x'", ""],
           "strftime_now": ["", "format='%%'", "'%%'", "'%%', 1"]}
TEST_ARGUMENTS = {name: ["3", "'b'", "none", "2.0"] for name in ("eq", "equalto", "ne", "sameas", "lt", "lessthan", "le", "gt", "greaterthan", "ge", "divisibleby")}
TEST_ARGUMENTS["in"] = ["['b', 1, none]", "'abc'", "table"]
TEST_INPUTS = ["text", "words", "table", "big", "half", "nothing", "missing", "[]", "true"] + ["1", "3.0", "4.0", "'ABC'", "'abc1'", "'123'", "'Ab'", "range", "table.keys()", "words | map('upper')", "(1, 2)", "false", "'b'", "0.5"]
MORE = ["{{ big + 1 }} {{ big * 2 }} {{ big // 7 }} {{ big % 7 }} {{ -big }} {{ -big // 7 }} {{ -big % 7 }} {{ big - big }} {{ max + 1 }} {{ max * max }} {{ 2 ** 100 }} {{ 2 ** -1 }} {{ (-2) ** 3 }} {{ big / 10 }} {{ big == big + 0 }} {{ big > max }} {{ big | tojson }} {{ [big] }} {{ big | string }} {{ big is integer }} {{ big is number }} {{ big is float }} {{ big is even }}",
    "{{ 99999999999999999999 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 9007199254740993 == 9007199254740992.0 }} {{ 9007199254740993 > 9007199254740992.0 }} {{ 1e400 > big }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1e22 }} {{ 3 * 'ab' }}",
    "{% if words | select('eq', 'z') %}true{% else %}false{% endif %}", "{% set g = words | map('upper') %}{% for x in g %}{{ x }}{% endfor %}|{% for x in g %}{{ x }}{% endfor %}", "{{ (words | map('upper'))[0] }}", "{{ words | map('upper') | length }}", "{{ words | unique | first }}", "{{ table.items() }} {{ table.keys() }} {{ table.values() }} {{ table.keys() | list }}", "{{ table.items()[0] }}", "{{ table.keys() | length }}", "{% if {}.keys() %}a{% else %}b{% endif %}",
    "{{ (1, 2) == [1, 2] }} {{ (1, 2) == (1, 2) }} {{ (1,) + (2,) }}", "{{ (1,) + [2] }}", "{{ '\\033[0m\\101\\7' }}", "{{ ['\u2028', '\u00ad', '\u00a0', '\x7f', 'é', '🙂', '\ue000', '\u200b', '\ufeff'] }}", "{{ 'a\u2028b'.title() }} {{ text.title() }} {{ text | title }} {{ text | capitalize }} {{ 'ǆx ﬁn' | capitalize }} {{ 'ǆx ﬁn'.title() }}",
    "{{ {'copy': 1}.copy is defined }} {{ {'copy': 1}['copy'] }} {{ {'items': 5}['items'] }}", "{{ {'items': 5}.items() }}", "{% for k, v in table.items() %}{{ k }}{{ v }}{% endfor %}", "{{ 'b' in table.keys() }} {{ 2 in table.values() }} {{ 'A' in words | map('upper') }}", "{{ loop }}", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}", "{{ namespace(_a=1) }}", "{% set ns = namespace() %}{% set ns._x = 1 %}",
    "{% for x in words %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x) }}{{ loop.nope is defined }}{% endfor %}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, b=2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, a=2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}", "{{ words[1:3] | join }}{{ text[::2] | length }}", "{{ 1 if missing is sequence else 2 }}"]

def called(expression): return "{{ " + expression + " }}"
def listed(call): return "{% set r = " + call + " %}{{ (r | list) if r is iterable and r is not string and r is not mapping else r }}"
cases = []
def add(template, refused=False):
    try: case = {"template": template, "rendered": compile_template(template).render(**copy.deepcopy(VARIABLES))}
    except Exception as e: case = {"template": template, "error": type(e).__name__}
    if " at 0x" in case.get("rendered", "") or case.get("error") == "NameError": return  # an address; a constant that jinja2 cannot write
    if refused: case = {"template": template, "refused": True}
    cases.append(case)

environment = jinja2.sandbox.ImmutableSandboxedEnvironment()
for name in sorted(environment.filters):
    if name not in KNOWN_FILTERS: add(called("text | " + name), True); continue
    for value in NUMBERS if name in ("int", "float") else INPUTS:
        for arguments in [""] + ARGUMENTS.get(name, []): add(listed(f"({value} | {name}({arguments}))"))
    many = ", ".join(["'a'"] * 5)
    if name not in ("map", "select", "reject", "selectattr", "rejectattr"): add(listed(f"(words | {name}({many}))"))
    add(listed(f"(words | {name}(unknown=1))"))
for name in sorted(n for n in environment.tests if n.isalpha()):
    if name not in KNOWN_TESTS: add(called("text is " + name), True); continue
    for value in TEST_INPUTS:
        if name in ("lower", "upper") and value in ("range", "words | map('upper')"): continue  # of an address
        for arguments in TEST_ARGUMENTS.get(name, [None]): add(called(f"{value} is {name}" + ("" if arguments is None else f"({arguments})")))
    add(called(f"1 is {name}(1, 2, 3)")); add(called(f"1 is {name}(unknown=1)"))
for kind, holder, value in (("str", STR_ARGUMENTS, "text"), ("dict", DICT_ARGUMENTS, "table"), ("list", LIST_ARGUMENTS, "words")):
    for name in sorted(n for n in dir({"str": str, "dict": dict, "list": list}[kind]) if not n.startswith("_")):
        if name not in KNOWN_METHODS[kind]: add(called(f"{value}.{name}()"), True); continue
        inputs = [value] + (["''"] + (["'12²'", "' \\t'", "'Ab'", "'abc'", "'ABC'"] if name.startswith("is") else ["lines"] if name == "splitlines" else []) if kind == "str" else [])
        for v in inputs:
            for arguments in holder.get(name, [""]): add(listed(f"{v}.{name}({arguments})"))
        add(called(f"{value}.{name}('a', 1, 2, 3)")); add(called(f"{value}.{name}(unknown=1)"))
for name, all_arguments in GLOBALS.items():
    for arguments in all_arguments + ["unknown=1"] if name in ("range",) else all_arguments: add("{% set x = " + f"{name}({arguments})" + " %}{{ x | list if x is iterable else '' }}" if name != "dict" else called(f"{name}({arguments})"))
for name in ("lipsum", "cycler", "joiner"): add(called(name + "()"), True)
for template in MORE: add(template)
with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as out:
    out.write(json.dumps({"variables": VARIABLES, "cases": cases}, ensure_ascii=False, separators=(",", ":")).encode("utf8"))
print(len(cases), "cases,", sum("error" in c for c in cases), "errors")
