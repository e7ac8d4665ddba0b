"""What a file of Python imports, read from its source."""

import ast

_LOADERS = {"import_module", "import_string", "__import__"}


def imports_of(source: str) -> set[str]:
    """Every module that a file imports, at any depth; a name from a package counts as a module.

    A relative import keeps its dots: `from .forms import NoteForm` is ".forms".
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=module, level=level, names=names) if level:
                found |= {"." * level + (module or alias.name) for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module} | {f"{module}.{alias.name}" for alias in names}
            case ast.Call(func=function) if dotted(function)[-1] in _LOADERS:
                found |= set(literal_arguments(node)[:1])
    return found


def roots_bound_by(source: str) -> set[str]:
    """What `import a.b` binds without an alias, "a": from there, any module of `a` is in reach."""
    return {
        alias.name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname is None
    }


def labels_of_models_in(source: str) -> set[str]:
    """The app labels in `apps.get_model("label", …)` and `apps.get_model("label.Model")`."""
    return {
        argument.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and dotted(node.func)[-1] in {"get_model", "get_app_config"}
        for argument in literal_arguments(node)[:1]
    }


def aliases_in(source: str) -> dict[str, str]:
    """Each imported name -> the full name of what it stands for."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {alias.asname: alias.name for alias in names if alias.asname}
            case ast.ImportFrom(module=str(module), level=0, names=names):
                found |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in names}
    return found


def texts_in(source: str) -> set[str]:
    """Every literal text of a file, also the parts of an f-string."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def literal_arguments(call: ast.Call) -> list[str]:
    """The texts among the arguments of a call, by position and then by name."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return [
        value.value
        for value in values
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    ]


def dotted(node: ast.AST) -> list[str]:
    """`a.b.c` as its names; [""] where the first is no name."""
    match node:
        case ast.Attribute(value=value, attr=name):
            return [*dotted(value), name]
        case ast.Name(id=name):
            return [name]
    return [""]
