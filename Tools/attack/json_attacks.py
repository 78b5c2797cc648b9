"""Mutated JSON in place of every description, for every command that reads it."""
import copy, json, os, random, shutil

from trial import Attack

# Replacements for any value.
VALUES = [
    0, -1, 1, 2**31, 2**31 - 1, 2**63, 2**63 - 1, -2**63, 10**6, 65535, 65536, 1e308, 0.5, "", "../../..", "/etc/passwd", ".", "a\u001b[2Jb",
    "x" * 100_000, None, True, [], {}, [[]], [2**62] * 64, {"a": {"a": {"a": 1}}}, "\u202e", "nan", ["../x"],
]


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for index in range(min(len(value), 3)):
            yield from places(value[index], path + (index,))


def mutated(value, chance):
    """The value with one or two places changed, removed or added."""
    copied = copy.deepcopy(value)
    for _ in range(chance.choice([1, 1, 1, 2])):
        path = chance.choice([path for path in places(copied) if path] or [()])
        if not path:
            return chance.choice(VALUES)
        holder = copied
        for key in path[:-1]:
            holder = holder[key]
        kind = chance.random()
        if kind < 0.1 and isinstance(holder, dict):
            del holder[path[-1]]
        elif kind < 0.15 and isinstance(holder, dict):
            holder["x" + str(path[-1])] = chance.choice(VALUES)
        else:
            holder[path[-1]] = chance.choice(VALUES)
    return copied


def text_of(value, chance):
    text = json.dumps(value)
    kind = chance.random()
    if kind < 0.03:
        return text[: chance.randrange(len(text) + 1)]
    if kind < 0.05:
        return "[" * 100_000
    if kind < 0.07:
        return text.replace(":", ":1e999999,\"a\":", 1)
    return text


def run(setting):
    chance = random.Random(16)
    count = 12 if setting.quick else 60
    model_json(setting, chance, count)
    manifests(setting, chance, count)
    configurations(setting, chance, count)


def judge(attack, outcome, what, text):
    within = outcome.seconds < 20 and outcome.memory < 512 << 20 and "\x1b" not in outcome.output + outcome.errors
    attack.judge(outcome, f"{what} with {text[:300]}", within, f"{outcome.seconds:.1f} s, {outcome.memory >> 20} MB")


def model_json(setting, chance, count):
    attack = Attack("mutated model.json: every command that takes a model")
    zoo = setting.with_model()
    name = "ViT-Ti-8-emoji"
    path = os.path.join(zoo.home, "models", name, "local", "model.json")
    with open(path) as file:
        sound = json.load(file)
    picture, out = setting.example("examples/scene1.jpg"), setting.place("out")
    commands = [
        ["list", "--installed"], ["show", name], ["verify"], ["doctor"], ["du"], ["explain", name, picture, "-p", "a cat", "-o", out],
        ["score", name, picture, "-p", "a cat"], ["methods", name], ["export", name, "--layout", "openclip", "-o", out + "/e", "--force"],
        ["explain", os.path.dirname(path), picture, "-p", "a cat", "-o", out, "--json"],
    ]
    before = listing(setting.folder, (out, zoo.home))
    for index in range(count):
        text = text_of(mutated(sound, chance), chance)
        with open(path, "w") as file:
            file.write(text)
        for command in commands if not setting.quick else [commands[index % len(commands)], commands[(index + 3) % len(commands)]]:
            judge(attack, zoo.run(*command), command[0], text)
    attack.expect(before == listing(setting.folder, (out, zoo.home)), "files were written elsewhere")


def listing(folder, without):
    return sorted(
        os.path.join(at, name) for at, _, names in os.walk(folder) if not at.startswith(without) for name in names)


def manifests(setting, chance, count):
    attack = Attack("mutated manifests: every command that knows architectures")
    zoo = setting.with_model()
    with open(os.path.join(setting.repository, "Manifests/models/ViT-B-32.json")) as file:
        sound = json.load(file)
    os.makedirs(os.path.join(zoo.home, "manifests"))
    path = os.path.join(zoo.home, "manifests", "mine.json")
    source = setting.example("ViT-Ti-8-emoji")
    commands = [
        ["list"], ["list", "--json"], ["show", "ViT-B-32"], ["show", "ViT-Ti-8-emoji"], ["verify", "--no-probe"], ["doctor"],
        ["convert", source, "--as", "ViT-B-32:openai", "--dry-run"], ["bench", "ViT-B-32", "--help"],
    ]
    for index in range(count):
        text = text_of(mutated(sound, chance), chance)
        with open(path, "w") as file:
            file.write(text)
        for command in commands if not setting.quick else [commands[index % len(commands)]]:
            judge(attack, zoo.run(*command), command[0], text)


def configurations(setting, chance, count):
    attack = Attack("mutated configurations beside a checkpoint: convert")
    models = os.path.join(setting.repository, "Tests/Golden/models")
    folders = []
    for at, _, names in sorted(os.walk(models)):
        weights = [name for name in names if name.endswith(".safetensors")]
        if weights and any(name.endswith("config.json") for name in names):
            folders.append((at, weights[0], [name for name in names if name.endswith(".json") and "index" not in name]))
    folders.append((setting.example("ViT-Ti-8-emoji"), "open_clip_model.safetensors", ["open_clip_config.json"]))
    zoo = setting.zoo()
    for index in range(count * 2):
        folder, weights, names = folders[index % len(folders)]
        copied = setting.place("checkpoint")
        for name in os.listdir(folder):
            if os.path.isfile(os.path.join(folder, name)):
                shutil.copy(os.path.join(folder, name), copied)
        name = chance.choice(names)
        with open(os.path.join(copied, name)) as file:
            sound = json.load(file)
        text = text_of(mutated(sound, chance), chance)
        os.chmod(os.path.join(copied, name), 0o644)
        with open(os.path.join(copied, name), "w") as file:
            file.write(text)
        where = f"{os.path.basename(folder)}/{name}"
        judge(attack, zoo.run("convert", copied, "--dry-run"), where, text)
        if index % 3 == 0:
            judge(attack, zoo.run("convert", copied, "--force", "-o", os.path.join(zoo.home, "out")), where, text)
        shutil.rmtree(copied)
