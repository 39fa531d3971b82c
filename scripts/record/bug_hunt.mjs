/**
 * The script of the recording: three requests of a user, and what the agent does about each. Its
 * first repair is wrong each time, as the tests then show.
 */
import * as steps from "./steps.mjs";

const { ask, begin, condense, create, edit, finish, hidden, ipython } = steps;
const { plan, read, run, think, user, write } = steps;

const TESTS = "python3 -m unittest -v";
const REPORT = "python3 -m inventory data/warehouse.csv data/delivery.csv";

const doubleCount = [
  user(
    38_000,
    "The nightly report lists the Café crème twice since the last delivery, and the street map too. " +
      "Can you find out why and repair it? The repository is in the current directory.",
  ),
  hidden("git status --porcelain --branch"),
  run("ls -la && git log --oneline --all", "I'll start by looking around."),
  run("find . -name '*.py' -not -path './.git/*' | sort | xargs wc -l"),
  read("README.md"),
  run("head -20 data/*.csv", "Both files that the report reads."),
  run(REPORT, "Let me see the fault with my own eyes."),
  run(TESTS, "There it is, twice each. What do the tests say?"),
  plan({
    "Find out why two items count twice": "in_progress",
    "Repair it": "todo",
    "Run all tests and compare the report": "todo",
    Commit: "todo",
  }),
  read("inventory/stock.py", "`find` decides whether an item is already there."),
  read("inventory/names.py", "It compares keys, so the key is what matters."),
  run("grep -rn 'key(' inventory", "Who else uses the key?"),
  read("inventory/loader.py"),
  run(
    "grep -n 'Caf' data/*.csv | cat -A",
    "The names look the same, so I'll look at the bytes that make them up.",
  ),
  ipython(
    `import csv, unicodedata
for path in ("data/warehouse.csv", "data/delivery.csv"):
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["name"].startswith("Caf"):
                print(path, len(row["name"]), ascii(row["name"]))
                for character in row["name"]:
                    if ord(character) > 127:
                        print("   ", f"U+{ord(character):04X}", unicodedata.name(character))`,
    "How many characters does each name really have?",
  ),
  think(
    "The warehouse writes é as one character, U+00E9. The delivery writes e followed by the " +
      "combining accent U+0301. They look alike and compare unequal. The street map is another " +
      "matter: STRASSENKARTE in lower case is strassenkarte, and ß stays ß.",
  ),
  edit(
    "inventory/names.py",
    "    return name.strip().lower()",
    `    plain = unicodedata.normalize("NFKD", name.strip().lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))`,
    "If accents are taken off, it no longer matters how they were written.",
  ),
  run("python3 -m unittest tests.test_loader"),
  edit(
    "inventory/names.py",
    "import unicodedate\n",
    "import unicodedata\n",
    "The import is missing.",
  ),
  edit(
    "inventory/names.py",
    '"""When two names mean the same item."""\n',
    '"""When two names mean the same item."""\n\nimport unicodedata\n',
    "There was no such line to replace. I'll put it below the docstring.",
  ),
  run(TESTS),
  think(
    "That is wrong: pâte is dough and pâté is a spread, and without accents they are one item. " +
      "The README says so in as many words. The accents have to stay; only their spelling is to be " +
      "made the same.",
  ),
  run("git diff", "What I have changed so far:"),
  run("git checkout -- inventory/names.py && git status --short", "Back to the start."),
  ipython(
    `import unicodedata
pairs = [("Cafe\\u0301", "Caf\\u00e9"), ("Pâte", "Pâté"), ("STRASSE", "Straße"), ("MÜSLI", "Müsli")]
ways = {
    "lower": lambda s: s.lower(),
    "casefold": lambda s: s.casefold(),
    "NFC + lower": lambda s: unicodedata.normalize("NFC", s.lower()),
    "NFC + casefold": lambda s: unicodedata.normalize("NFC", s.casefold()),
}
for name, way in ways.items():
    print(f"{name:16}", ["same" if way(a) == way(b) else "different" for a, b in pairs])`,
    "Let me compare the candidates before I choose. Wanted: same, different, same, same.",
  ),
  edit(
    "inventory/names.py",
    `

def key(name: str) -> str:
    return name.strip().lower()`,
    `
import unicodedata


def key(name: str) -> str:
    """Equal for names that differ only in case, outer blanks or the spelling of their accents."""
    return unicodedata.normalize("NFC", name.strip().casefold())`,
    "Case folding turns ß into ss, and NFC gives each accented letter one spelling.",
  ),
  run(TESTS, "Now the whole suite."),
  run(REPORT, "And the report:"),
  edit(
    "tests/test_loader.py",
    `    def test_every_item_is_there_once(self):`,
    `    def test_accents_are_compared_in_either_spelling(self):
        decomposed = unicodedata.normalize("NFD", "Café crème")
        self.assertIs(self.stock.find(decomposed), self.stock.find("Café crème"))

    def test_every_item_is_there_once(self):`,
    "A test that names the promise, so that it stays kept.",
  ),
  run("python3 -m unittest tests.test_loader"),
  edit("tests/test_loader.py", "import unittest\n", "import unicodedata\nimport unittest\n"),
  run("python3 -m unittest 2>&1 | tail -4"),
  run("git diff --stat && git diff inventory"),
  run('git commit -qam "Compare names by their folded, composed form" && git log --oneline -1'),
  plan({
    "Find out why two items count twice": "done",
    "Repair it": "done",
    "Run all tests and compare the report": "done",
    Commit: "done",
  }),
  ask(
    "Both doubles are gone. The delivery spells é as e plus a combining accent, and STRASSENKARTE " +
      "only equals Straßenkarte under case folding; names are now compared in composed, folded " +
      "form. It's committed on `fix-nightly-report`. Is there anything else in the report that " +
      "looks odd to you?",
  ),
];

const cents = [
  user(
    64_000,
    "Yes! Accounting says that the totals are off by a cent now and then: 2.675 € came out as 2.67. " +
      "And returns, which are negative, should round the same way as sales.",
  ),
  read("inventory/money.py"),
  read("inventory/report.py"),
  read("inventory/prices.py", "Are prices kept somewhere else, too?"),
  run("git ls-files", "No such file. What is there?"),
  run("grep -rnE 'round|float|cents' --include='*.py' ."),
  ipython(
    `from inventory.money import cents
for amount in (2.675, 1.005, 0.125, 2.5, -2.675, 1.115, 35.775):
    print(f"{amount:>8} -> {cents(amount)!r:>8}   stored as {amount:.20f}")`,
    "Reproducing it first.",
  ),
  think(
    "2.675 can't be written in binary: what is stored is a little less, and so it is rounded down. " +
      "On top of that, round() takes exact halves to the even neighbour, which is why 0.125 became " +
      "0.12. The docstring promises halves away from zero.",
  ),
  create(
    "tests/test_money.py",
    `import unittest

from inventory.money import cents, gross


class MoneyTest(unittest.TestCase):
    def test_halves_are_rounded_away_from_zero(self):
        for amount, expected in [(2.675, 2.68), (1.005, 1.01), (0.125, 0.13), (1.115, 1.12)]:
            with self.subTest(amount=amount):
                self.assertEqual(cents(amount), expected)

    def test_returns_are_rounded_like_sales(self):
        for amount in [2.675, 1.005, 0.125, 1.115]:
            with self.subTest(amount=amount):
                self.assertEqual(cents(-amount), -cents(amount))

    def test_whole_cents_stay_as_they_are(self):
        for hundredths in range(-5000, 5001):
            self.assertEqual(cents(hundredths / 100), hundredths / 100)

    def test_large_amounts_are_no_exception(self):
        self.assertEqual(cents(262144.005), 262144.01)

    def test_gross_is_net_and_tax(self):
        self.assertEqual(gross(10.0), 11.9)
`,
    "The fault as a test, before I touch the code.",
  ),
  run("python3 -m unittest tests.test_money"),
  edit(
    "inventory/money.py",
    "    return round(amount, 2)",
    "    return round(amount + 1e-9, 2)",
    "The smallest change first: a nudge over the edge.",
  ),
  run("python3 -m unittest tests.test_money"),
  ipython(
    `for amount in (2.675, -2.675, 0.125, -0.125):
    print(amount, round(amount + 1e-9, 2), round(abs(amount) + 1e-9, 2))`,
    "Which way do the negative ones go?",
  ),
  think(
    "The nudge goes upwards always, so returns are rounded towards zero, and it is a guess about " +
      "sizes anyway. Decimal knows what was meant: repr() of a float is the shortest text that " +
      "gives it back, here 2.675, and ROUND_HALF_UP goes away from zero on both sides.",
  ),
  run("git checkout -- inventory/money.py"),
  edit(
    "inventory/money.py",
    `"""Amounts in euros."""
`,
    `"""Amounts in euros."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
`,
  ),
  edit(
    "inventory/money.py",
    "    return round(amount, 2)",
    "    return float(Decimal(repr(amount)).quantize(CENT, rounding=ROUND_HALF_UP))",
  ),
  run("python3 -m unittest tests.test_money"),
  run(TESTS),
  run(
    `${REPORT} > /tmp/after.$$ && git stash -q -- inventory && ${REPORT} > /tmp/before.$$; ` +
      "git stash pop -q && diff /tmp/before.$$ /tmp/after.$$; rm /tmp/before.$$ /tmp/after.$$",
    "What changes in the report itself?",
  ),
  think(
    "The sum in `total` still adds floats and rounds once at the end. A line of the report is " +
      "rounded by itself, so the lines need not add up to the total. Accounting would notice that.",
  ),
  ipython(
    `from inventory.loader import load
from inventory.money import cents
from inventory.report import total
stock = load("data/warehouse.csv", "data/delivery.csv")
lines = [cents(item.quantity * item.price) for item in stock]
print("lines", lines)
print("sum of the lines", cents(sum(lines)), "total", total(stock))`,
    "Do they add up today?",
  ),
  edit(
    "inventory/report.py",
    "    return cents(sum(item.quantity * item.price for item in stock))",
    "    return cents(sum(cents(item.quantity * item.price) for item in stock))",
    "The total is then the sum of what is printed.",
  ),
  edit(
    "tests/test_report.py",
    `    def test_low_items_are_marked(self):`,
    `    def test_the_total_is_the_sum_of_the_printed_lines(self):
        stock = Stock()
        stock.add("Tee", 1, 0.125)
        stock.add("Kaffee", 1, 0.125)
        stock.add("Kakao", 1, 0.125)
        self.assertEqual(total(stock), 0.39)

    def test_low_items_are_marked(self):`,
  ),
  run(TESTS),
  run("git add -A && git diff --cached --stat"),
  run('git commit -qm "Round money in decimal, halves away from zero" && git log --oneline -2'),
  condense(
    "Names are compared in NFC and folded (inventory/names.py, committed). Money is rounded through " +
      "Decimal with ROUND_HALF_UP, the total is the sum of the rounded lines (inventory/money.py, " +
      "inventory/report.py, committed). All tests pass. Waiting for the user.",
  ),
  ask(
    "It was binary floating point: 2.675 is stored as a little less. Amounts are now rounded in " +
      "decimal, away from zero on both sides, and the total is the sum of the printed lines. There " +
      "are tests for returns and for large amounts. Anything more?",
  ),
];

const BENCHMARK = `python3 - <<'PYTHON'
import time
from inventory import Stock
for count in (250, 500, 1000, 2000):
    stock = Stock()
    start = time.perf_counter()
    for number in range(count):
        stock.add(f"Artikel {number}", 1, 1.0)
    print(f"{count:>5} items: {time.perf_counter() - start:8.3f} s")
PYTHON`;

const PROFILE = `python3 - <<'PYTHON'
import cProfile, pstats
from inventory import Stock
def fill():
    stock = Stock()
    for number in range(400):
        stock.add(f"Artikel {number}", 1, 1.0)
profile = cProfile.Profile()
profile.runcall(fill)
pstats.Stats(profile).sort_stats("cumulative").print_stats(12)
PYTHON`;

const slow = [
  user(
    47_000,
    "Last one: with the full catalogue the import takes minutes. Could you have a look, and add a " +
      "CHANGELOG for all three?",
  ),
  plan({
    "Measure how the import grows": "in_progress",
    "Find the slow part": "todo",
    "Make it faster without changing what it does": "todo",
    "Write the changelog": "todo",
  }),
  run(BENCHMARK, "Twice the items, how many times the time?"),
  run(PROFILE, "Four times: it's quadratic. Where is the time spent?"),
  run(
    "python3 -m dis inventory/stock.py",
    "`find` computes both keys for each item it looks at. How much is in that loop?",
  ),
  think(
    "Every add walks the list and folds two names per item. A dict from key to item finds it at " +
      "once; dicts keep insertion order, so iteration stays the same.",
  ),
  edit(
    "inventory/stock.py",
    "        self._items: list[Item] = []",
    "        self._items: dict[str, Item] = {}",
  ),
  edit(
    "inventory/stock.py",
    `        for item in self._items:
            if key(item.name) == key(name):
                return item
        return None`,
    "        return self._items.get(key(name))",
  ),
  edit(
    "inventory/stock.py",
    "            self._items.append(item)",
    "            self._items[name] = item",
  ),
  run(TESTS, "One more time, all of them."),
  run("git diff inventory/stock.py"),
  think(
    "Three slips of mine in one go: the item is filed under its name instead of its key, and " +
      "iteration and `low` now go over the keys of the dict.",
  ),
  edit(
    "inventory/stock.py",
    "            self._items[name] = item",
    "            self._items[key(name)] = item",
  ),
  edit(
    "inventory/stock.py",
    "        return iter(self._items)",
    "        return iter(self._items.values())",
  ),
  edit(
    "inventory/stock.py",
    "        return [item for item in self._items if item.quantity < item.minimum]",
    "        return [item for item in self if item.quantity < item.minimum]",
  ),
  run(TESTS),
  run(BENCHMARK, "And the time?"),
  run(
    "python3 - <<'PYTHON'\n" +
      "import random\n" +
      "from inventory import Stock\n" +
      "from inventory.names import key\n" +
      'names = ["Café", "Cafe\\u0301", "CAFÉ", "Tee", " tee ", "Straße", "STRASSE", "日本茶"]\n' +
      "for seed in range(120):\n" +
      "    rng = random.Random(seed)\n" +
      "    stock, plain = Stock(), {}\n" +
      "    for _ in range(200):\n" +
      "        name, count = rng.choice(names), rng.randrange(5)\n" +
      "        stock.add(name, count, 1.0)\n" +
      "        plain[key(name)] = plain.get(key(name), 0) + count\n" +
      "    got = {key(item.name): item.quantity for item in stock}\n" +
      "    assert got == plain, (seed, got, plain)\n" +
      '    print(f"seed {seed:>3}: {len(got)} items, {sum(got.values())} pieces, as expected")\n' +
      "PYTHON",
    "A comparison with the plainest thing that could be right, over many random deliveries.",
  ),
  plan({
    "Measure how the import grows": "done",
    "Find the slow part": "done",
    "Make it faster without changing what it does": "done",
    "Write the changelog": "in_progress",
  }),
  write(
    "CHANGELOG.md",
    `# Changelog

## Unreleased

- Names are the same whatever their case and however their accents are spelled: *Café crème* and
  *Straßenkarte* no longer appear twice.
- Amounts are rounded in decimal, halves away from zero, for sales and returns alike; the total is
  the sum of the printed lines.
- Adding an item no longer takes longer the more there are.
`,
  ),
  run(REPORT, "A last look at the report."),
  run("git add -A && git commit -qm 'Find items by key; changelog' && git log --stat --oneline -3"),
  hidden("git rev-parse HEAD"),
  plan({
    "Measure how the import grows": "done",
    "Find the slow part": "done",
    "Make it faster without changing what it does": "done",
    "Write the changelog": "done",
  }),
  finish(
    "All three are repaired on `fix-nightly-report`, a commit each, with tests:\n\n" +
      "1. **Doubles**: names are compared in composed, case-folded form (`names.py`).\n" +
      "2. **Cents**: rounding in decimal, away from zero; the total is the sum of the lines.\n" +
      "3. **Slow import**: items are found through a dict instead of a walk over the list.\n\n" +
      "`CHANGELOG.md` says so in your users' words. ☕",
  ),
];

/** @type {readonly steps.Step[]} */
export const bugHunt = [begin(), ...doubleCount, ...cents, ...slow];
