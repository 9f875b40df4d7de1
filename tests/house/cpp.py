"""Just enough C++: code without comments and strings, and where its functions begin and end."""
import re

_TOKEN = re.compile(
    r'R"(?P<tag>[^()\s\\]{0,16})\((?:.|\n)*?\)(?P=tag)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # a character, not a digit separator
    r"|//[^\n]*|/\*(?:.|\n)*?\*/"
)


def code(text):
    """The text with comments and the insides of strings blanked; every line keeps its number. Includes keep their names."""

    def blank(match):
        token = match.group(0)
        newlines = "\n" * token.count("\n")
        if token.startswith("/"):
            return " " + newlines
        line_start = text.rfind("\n", 0, match.start()) + 1
        if re.match(r"\s*#\s*include", text[line_start:match.start()]):
            return token
        return '""' + newlines if token[0] in 'R"' else "' '"

    return _TOKEN.sub(blank, text)


def includes(text):
    """(line number, name, quoted) of every include."""
    for number, line in enumerate(code(text).split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)', line)
        if found:
            yield number, found.group(2), found.group(1) == '"'


_CONTAINER = re.compile(r"^(template\s*<.*>\s*)?(inline\s+)?(typedef\s+)?(namespace|class|struct|union|enum|extern)\b", re.S)


def functions(text):
    """(first line, last line) of every function body that is not inside another one. Raises ValueError if the braces do not balance.

    A brace opens a container (namespace, class, ...), data (after `=` or a plain name), or a function; what is inside functions
    and data is theirs. The signature counts as part of the function.
    """
    text = "\n".join("" if line.lstrip().startswith("#") else line for line in code(text).split("\n"))
    stack, head_start = [], 0  # stack of (kind, first line)
    for at, char in enumerate(text):
        if char == "{":
            head = text[head_start:at]
            inside = stack and stack[-1][0] != "container"
            stripped = head.strip()
            if inside:
                kind = "inner"
            elif _CONTAINER.match(stripped) and not (stripped.startswith("extern") and ")" in stripped):
                kind = "container"
            elif stripped.endswith("=") or (stripped and ")" not in stripped and not stripped.startswith(",")):
                kind = "data"
            else:
                kind = "function"
            lead = len(head) - len(head.lstrip())
            stack.append((kind, text.count("\n", 0, head_start + lead) + 1))
        elif char == "}":
            if not stack:
                raise ValueError("a closing brace without an opening one")
            kind, first = stack.pop()
            if kind == "function":
                yield first, text.count("\n", 0, at) + 1
        if char in "{};" and not any(kind in ("function", "data") for kind, _ in stack):
            head_start = at + 1
    if stack:
        raise ValueError("an opening brace without a closing one")
