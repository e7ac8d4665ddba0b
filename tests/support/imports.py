import ast


def imports_of(source: str) -> set[str]:
    """Every module that a file imports, at any depth; a name from a package counts as a module."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), level=0, names=names):
                found |= {module} | {f"{module}.{alias.name}" for alias in names}
            case ast.Call(
                func=ast.Name(id="import_module" | "import_string"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                found.add(name)
    return found
