"""Values from the source of Python packages, which is parsed but never imported or run."""

import ast
import zipfile


class Unknown:
    """An expression that is not evaluated here: a class, a function of another package."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text

    def __eq__(self, other):
        return isinstance(other, Unknown) and other.text == self.text

    def __hash__(self):
        return hash(self.text)


class Module:
    """The definitions of one file."""

    def __init__(self, text, names=None):
        self.functions, self.classes, self.names = {}, {}, dict(names or {})
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name] = node
            elif isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.names[node.targets[0].id] = self.value(node.value, {})

    def value(self, node, local):
        """A literal, a known name, `dict(...)`, arithmetic, or a call of a function in this file that returns one of these."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return local.get(node.id, self.names.get(node.id, Unknown(node.id)))
        if isinstance(node, (ast.Tuple, ast.List)):
            return [self.value(item, local) for item in node.elts]
        if isinstance(node, ast.Dict):
            result = {}
            for key, item in zip(node.keys, node.values):
                result.update(self.value(item, local) if key is None else {self.value(key, local): self.value(item, local)})
            return result
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.value(node.operand, local)
        if isinstance(node, ast.BinOp):
            a, b = self.value(node.left, local), self.value(node.right, local)
            if all(isinstance(x, (int, float)) for x in (a, b)):
                operations = {ast.Add: lambda: a + b, ast.Sub: lambda: a - b, ast.Mult: lambda: a * b,
                              ast.Div: lambda: a / b, ast.FloorDiv: lambda: a // b}
                if type(node.op) in operations:
                    return operations[type(node.op)]()
        if isinstance(node, ast.Call):
            return self.call(node, local)
        return Unknown(ast.unparse(node))

    def call(self, node, local):
        if ast.unparse(node.func) == "kwargs.pop" or ast.unparse(node.func) == "kwargs.get":
            return self.value(node.args[1], local)
        if not isinstance(node.func, ast.Name):
            return Unknown(ast.unparse(node))
        given = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, local)
            given.update(value if keyword.arg is None and isinstance(value, dict) else {keyword.arg: value})
        if node.func.id == "dict":
            result = self.value(node.args[0], local) if node.args else {}
            return {**(result if isinstance(result, dict) else {}), **given}
        if node.func.id == "partial" and node.args:
            return {"partial": ast.unparse(node.args[0]), **given}
        if node.func.id == "generate_default_cfgs":
            return self.value(node.args[0], local)
        function = self.functions.get(node.func.id)
        if function is None:
            return Unknown(ast.unparse(node))
        arguments = self.defaults(function)
        names = [a.arg for a in function.args.args]
        arguments.update(zip(names, (self.value(a, local) for a in node.args)))
        extra = {k: v for k, v in given.items() if k not in names}
        arguments.update({k: v for k, v in given.items() if k in names})
        if function.args.kwarg:
            arguments[function.args.kwarg.arg] = extra
        for statement in function.body:
            if isinstance(statement, ast.Return):
                return self.value(statement.value, arguments)
        return Unknown(ast.unparse(node))

    def defaults(self, function):
        """The default values of a function's arguments."""
        names = [a.arg for a in function.args.args]
        values = function.args.defaults
        return {n: self.value(v, {}) for n, v in zip(names[len(names) - len(values):], values)}

    def initial(self, name):
        """The default values of the arguments of a class."""
        for node in self.classes[name].body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                return self.defaults(node)
        return {}

    def fields(self, name):
        """The values of the annotated fields of a class, those of its bases in this file included."""
        result = {}
        for base in self.classes[name].bases:
            if isinstance(base, ast.Name) and base.id in self.classes:
                result.update(self.fields(base.id))
        for node in self.classes[name].body:
            if isinstance(node, ast.AnnAssign) and node.value is not None:
                result[node.target.id] = self.value(node.value, {})
        return result

    def local(self, function, name):
        """The value that a function assigns to a local name."""
        for node in self.functions[function].body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                return self.value(node.value, {})
        return None


class Wheel:
    """A package from PyPI."""

    def __init__(self, path):
        self.archive = zipfile.ZipFile(path)
        self.name, self.version = path.name.split("-")[:2]
        self.files = set(self.archive.namelist())

    def __str__(self):
        return f"{self.name} {self.version}"

    def text(self, path):
        return self.archive.read(path).decode()

    def module(self, path, names=None):
        return Module(self.text(path), names)
