"""Jinja2 as it is used for scripts: sandboxed, with snippets.

Invariants: a template reaches nothing but its variables and the other templates; a variable that does not exist is an
error and not an empty line. This module is imported only when there is something to render.
"""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import DictLoader, StrictUndefined, TemplateError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mrdraw.errors import JobFailed


class _Snippet(Extension):
    """`{% snippet "name" %}` puts the template `snippets/name` there; one that does not exist is an error."""

    tags = {"snippet"}  # noqa: RUF012 - so declared by Jinja2

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        name = nodes.Add(nodes.Const("snippets/"), parser.parse_expression(), lineno=line)
        return nodes.Include(name, True, False, lineno=line)


class Templates:
    """A set of templates that may include each other."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=DictLoader(texts),
            extensions=[_Snippet],
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
        )

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """The text of a template. Raises `JobFailed`, naming the script and its line."""
        try:
            return self._environment.get_template(name).render(variables)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            where = f"script {name}, line {line}" if line else f"script {name}"
            raise JobFailed(f"The {where} cannot be rendered: {error}. Correct it in the settings.") from error
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise JobFailed(f"The script {name} cannot be rendered: {error}. Correct it in the settings.") from error
