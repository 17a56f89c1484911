#!/usr/bin/env python3
"""What transformers renders of small templates, each about one corner of Jinja.

usage: make_templates.py OUT.json        needs transformers
"""
import json, sys
from transformers.utils.chat_template_utils import _compile_jinja_template as compile_template

MESSAGES = [{"role": "system", "content": "  Be <b>brief</b>. "}, {"role": "user", "content": "Grüße {{ 1 }} 😀\n{% x %}"},
            {"role": "assistant", "content": "a&b", "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1, "y": [1.5, None, True], "z": "ü\"\n"}}}]},
            {"role": "user", "content": ""}]
VARIABLES = {"messages": MESSAGES, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>", "tools": None, "documents": None}
TEMPLATES = [
    # white space control
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "  {%- if true -%}  x  {%- endif -%}  \n y", "{% if true %}\n\nx{% endif %}\n\n", "a {# c #}\n b\n {#- d -#} \n e",
    "{{ 'x' }}\n{{ 'y' }}\n", "  {{- 'x' -}}  \n  z", " {%+ if true %} x {% endif +%}\n y", "x\r\ny\rz\n", "{% raw %}{{ no }}{% endraw %}!", " {% raw -%}  {% a %} {%- endraw %}\n!",
    "{%- for m in messages -%}\n    {{ m.role }}\n{%- endfor -%}\n", "{% for i in range(3) %}\n  {% if i == 1 %}\n    one\n  {% endif %}\n{% endfor %}\n", "\t {% set x = 1 %}\n\t {{ x }}",
    # values and how they print
    "{{ 1 }} {{ 1.0 }} {{ 1e20 }} {{ 0.00001 }} {{ 1.5e-7 }} {{ true }} {{ none }} {{ [1, 'a', \"it's\", None] }} {{ {'a': 1.5, 2: [true]} }}", "{{ missing }}|{{ messages[0].nope }}|{{ messages[9] }}",
    "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 1 + 2 * 3 }} {{ 'a' ~ 1 ~ none }} {{ -(3) }} {{ 'ab' * 2 }} {{ 2 * 3.0 }}",
    "{{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ 1 < 2 < 3 }} {{ 3 > 2 > 5 }} {{ 'a' in 'abc' }} {{ 'x' not in messages[0] }} {{ 'role' in messages[0] }} {{ not 1 == 2 }} {{ true and 0 or 'x' }}",
    "{{ 'x' if false }}|{{ 'x' if false else 'y' if 0 else 'z' }}", "{{ 'a' 'b' }} {{ '\\n\\t\\\\ \\x41 \\u00e9 \\q' }}", "{{ (1, 2) }} {{ (1,) }} {{ (1, 2) | list }} {{ [] | first }}{{ [1][0] }} {{ 'añ😀b'[2] }} {{ 'añ😀b' | length }}",
    # slices
    "{{ [1,2,3,4][1:] }} {{ [1,2,3,4][:-1] }} {{ [1,2,3,4][::-1] }} {{ [1,2,3,4][-2:] }} {{ 'añ😀b'[::-1] }} {{ 'abc'[5:] }} {{ messages[1:][0].role }} {{ messages[-1]['role'] }} {{ [1,2,3,4][3:0:-2] }} {{ [1][-5] }}",
    # loops
    "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.cycle('a', 'b') }};{% endfor %}",
    "{% for k, v in messages[2].tool_calls[0].function.arguments.items() %}{{ k }}={{ v }},{% endfor %}", "{% for i in [1,2,3] if i != 2 %}{{ i }}{{ loop.length }}{% else %}none{% endfor %}{% for i in [] %}x{% else %}none{% endfor %}",
    "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "{% set x = 1 %}{% for i in [1,2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(x=0, y='') %}{% for i in [1,2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z is defined }}", "{% for i in range(1, 8, 3) %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {% endfor %}{% for a in [1,1,2] %}{{ loop.changed(a) }}{% endfor %}",
    "{% for a in [1,2] %}{% for b in 'xy' %}{{ loop.depth }}{{ a }}{{ b }}{{ loop.last }} {% endfor %}{% endfor %}", "{% for x in missing %}a{% else %}b{% endfor %}",
    # set, macros, blocks
    "{% set a, b = 1, [2, 3] %}{{ a }}{{ b }}{% set c %}<{{ a }}>\n{% endset %}{{ c }}{{ c | length }}", "{% macro f(x, y=2) %}[{{ x }}-{{ y }}]{% endmacro %}{{ f(1) }}{{ f(1, y='z') }}{{ f(x=3) }}{{ f() }}",
    "{% macro w(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call w('b') %}in{% endcall %}", "{% filter upper %}abc{% endfilter %}{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}",
    "{% generation %}{{ eos_token }}{% endgeneration %}", "{% if false %}a{% elif 1 %}b{% else %}c{% endif %}", "{% macro r(n) %}{{ n }}{% if n %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(3) }}",
    # filters
    "{{ messages[0].content | trim }}|{{ 'xxaxx' | trim('x') }}|{{ ' a b ' | upper | trim }}|{{ 'aB c' | capitalize }}|{{ 'ab cd' | title }}", "{{ ['a', 1, none] | join('-') }} {{ messages | map(attribute='role') | join(', ') }} {{ ['b', 'A', 'c'] | sort | join }} {{ [3,1,2] | sort(reverse=true) }}",
    "{{ missing | default('d') }} {{ '' | default('e') }}| {{ '' | default('f', true) }} {{ none | default('g', boolean=true) }}", "{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | rejectattr('tool_calls') | map(attribute='role') | list }} {{ [0, 1, '', 'a'] | select | list }} {{ [1,2,3] | reject('odd') | list }} {{ messages | selectattr('tool_calls', 'defined') | list | length }}",
    "{{ 'a-b-c' | replace('-', '+') }} {{ 'a\nb\n\nc' | indent }}| {{ 'a\nb' | indent(2, true) }}", "{{ '3' | int + 1 }} {{ '2.7' | int }} {{ 'x' | int }} {{ 'x' | int(-1) }} {{ '1.5' | float }} {{ 2.5 | round }} {{ 3.14159 | round(2) }} {{ -3 | abs }}",
    "{{ [1,2,2,1] | unique | list }} {{ [1,2,3] | sum }} {{ [3,1] | min }} {{ ['a','B'] | max }} {{ 'abc' | reverse }} {{ {'b': 1, 'a': 2} | dictsort }} {{ {'a': 1} | items | list }} {{ [1,2] | last }} {{ 5 | string ~ 'x' }}",
    "{{ '<a & \"b\">' | e }} {{ '<a>' | safe }} {{ messages[1].content | escape }}",
    # tojson
    "{{ messages[2].tool_calls | tojson }}", "{{ messages[2].tool_calls[0].function | tojson(indent=2) }}", "{{ {'b': [], 'a': {}} | tojson(indent=4, sort_keys=true) }}", "{{ [1, 'é'] | tojson(ensure_ascii=true) }} {{ {'a': 1} | tojson(separators=(',', ':')) }} {{ 1e20 | tojson }} {{ '<&>\\u2028\\x01' | tojson }}",
    # methods
    "{{ ' x '.strip() }}|{{ 'xxyx'.lstrip('x') }}|{{ 'a,b,c'.split(',') }}|{{ 'a b  c'.split() }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a,b,c'.rsplit(',', 1)[0] }}|{{ 'abc'.startswith('ab') }}|{{ 'abc'.endswith(('x', 'c')) }}|{{ 'aXbX'.replace('X', '') }}|{{ 'abc'.upper() }}|{{ ','.join(['a', 'b']) }}|{{ 'abcb'.find('b') }}|{{ 'abab'.count('ab') }}|{{ 'a\nb'.splitlines() }}",
    "{{ messages[0].get('content') }}|{{ messages[0].get('x', 'd') }}|{{ messages[0].get('x') }}|{{ messages[0].keys() | list }}|{{ 'a</think>b'.split('</think>')[-1].lstrip('\\n') }}|{{ [1,2].index(2) }}",
    # tests
    "{{ missing is defined }} {{ tools is none }} {{ tools is not none }} {{ 'a' is string }} {{ messages[0] is mapping }} {{ messages is iterable }} {{ messages is sequence }} {{ 1 is number }} {{ 4 is divisibleby 2 }} {{ 3 is odd }} {{ 'a' is in ['a'] }} {{ 1 is sameas 1 }} {{ true is true }} {{ 1 is boolean }} {{ 1.5 is float }} {{ 2 is eq 2 }} {{ 'a' is in('abc') }} {{ not missing is defined }} {{ raise_exception is callable }}",
    "{{ messages | length == 4 and messages[0].role is string }}{{ 1 if messages is defined else 2 }}{{ (messages | length) is even }}",
    # a variable's own braces and comments are data
    "{% for m in messages %}{{ m['content'] }}|{% endfor %}", "{{ {'a': {'b': {}}} }}{{ {} }}", "{# {{ x }} {% y %} #}z",
    # errors
    "{{ raise_exception('stop ' ~ bos_token) }}", "{{ missing.attribute }}", "{{ 'a' + 1 }}", "{{ none + 'a' }}", "{{ 1 / 0 }}", "{{ missing() }}", "{{ messages.append(1) }}", "{{ messages[0].update({}) }}", "{{ ''.__class__.__mro__ }}", "{% if x %}", "{{ x | nofilter }}", "{{ x is notest }}", "{% include 'a' %}", "{{ 'a' < 1 }}", "{{ range(1000000) | list | length }}", "{% for x in none %}{% endfor %}", "{{ missing + 'a' }}", "{{ 1 +", "{% endif %}", "{{ [1,2] | join(missing.x) }}",
]
cases = []
for template in TEMPLATES:
    try: case = {"template": template, "rendered": compile_template(template).render(**VARIABLES)}
    except Exception as e: case = {"template": template, "error": f"{type(e).__name__}: {e}"}
    cases.append(case)
json.dump({"variables": VARIABLES, "cases": cases}, open(sys.argv[1], "w", encoding="utf8"), ensure_ascii=False, indent=1)
print(len(cases), "cases,", sum("error" in c for c in cases), "errors")
