"""Asks the OpenHands server's code and ours the same, and shows where they differ.

    compare.py CODE OURS [--searches N] [--seed N]

CODE is the folder of the unpacked `openhands-ai` source, OURS the built example `answers`.
"""

import argparse
import json
import random
import subprocess
import sys
import time

from generate import Generator
from reference import Reference
from shrink import shrink

SEARCHES_PER_STORE = 100
EVENTS_PER_STORE = 100
MOST_SHOWN = 5


class Ours:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def answer(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"our side ended at {json.dumps(question)[:2000]}")
        return json.loads(line)


class Comparison:
    def __init__(self, reference, ours):
        self.reference = reference
        self.ours = ours
        self.compared = {}
        self.differences = 0

    def ask(self, *questions):
        """Both answers to the last question, after the others."""
        for side in (self.reference, self.ours):
            for question in questions[:-1]:
                side.answer(question)
        return self.reference.answer(questions[-1]), self.ours.answer(questions[-1])

    def differ(self, *questions):
        try:
            theirs, ours = self.ask(*questions)
        except SystemExit:
            raise
        except Exception:
            # What the server can't answer at all is no difference.
            return False
        return theirs != ours

    def event(self, name, event, rest=None):
        """Compares what becomes of one event; `rest` is the second part of the question."""

        def question(event):
            text = json.dumps(event)
            return {name: text if rest is None else [text, rest]}

        self.count(name)
        if self.differ(question(event)):
            smallest = shrink(event, lambda event: self.differ(question(event)))
            self.show(question(smallest))

    def search(self, name, texts, call):
        """Compares a question about a search over the store of these texts."""
        self.count(name)
        if not self.differ({name: call}):
            return

        def questions(events, call):
            return {"store": [json.dumps(event) for event in events]}, {name: call}

        def is_store(events):
            """Events in wire form, each with an id of its own."""
            wires = [json.dumps(event) for event in events]
            ids = [event.get("id", -1) for event in events if isinstance(event, dict)]
            return (
                len(set(ids)) == len(events)
                and min(ids, default=0) >= 0
                and all(self.reference.wire(wire) == wire for wire in wires)
            )

        events = shrink(
            [json.loads(text) for text in texts],
            lambda events: is_store(events) and self.differ(*questions(events, call)),
        )
        smallest = shrink(call, lambda call: self.differ(*questions(events, call)))
        self.show(*questions(events, smallest))
        self.ask({"store": texts})

    def count(self, name):
        self.compared[name] = self.compared.get(name, 0) + 1

    def show(self, *questions):
        self.differences += 1
        if self.differences > MOST_SHOWN:
            return
        theirs, ours = self.ask(*questions)
        print("\nDIFFERENT:")
        for question in questions:
            print(f"  asked:  {json.dumps(question)}")
        print(f"  server: {json.dumps(theirs)}\n  ours:   {json.dumps(ours)}", flush=True)


def run(comparison, generator, searches):
    reference = comparison.reference
    done = 0
    while done < searches and comparison.differences < MOST_SHOWN:
        size = generator.random.choice([3, 10, 30, 60])
        for _ in range(EVENTS_PER_STORE):
            comparison.event("wire", generator.event(generator.random.randrange(99)))
        stored = []
        for number in range(size):
            event = generator.event(number)
            comparison.event("wire", event)
            text = generator.text_of(event)
            wire = reference.wire(text)
            # `action` or `observation` in an event's arguments gives it another name on the wire
            # than its class has: it can't be loaded again.
            if wire is None or reference.wire(wire) != wire:
                continue
            wire_event = json.loads(wire)
            comparison.event("trajectory", wire_event, generator.one_in(2))
            comparison.event("mask", wire_event, generator.secrets(wire))
            # The server names a file by the number, and an event by its own id.
            if wire_event.get("id") == number and not generator.one_in(8):
                stored.append((text if generator.one_in(2) else wire, wire))
        wires = [wire for _, wire in stored]
        reference.answer({"store": [text for text, _ in stored]})
        comparison.ours.answer({"store": wires})
        for _ in range(SEARCHES_PER_STORE):
            comparison.search("search", wires, generator.call(size, wires))
        for name in ("nested", "matching"):
            for _ in range(SEARCHES_PER_STORE // 5):
                comparison.search(name, wires, generator.call(size, wires))
        done += SEARCHES_PER_STORE


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("code")
    parser.add_argument("ours")
    parser.add_argument("--searches", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    begin = time.monotonic()
    reference = Reference(options.code)
    # The server's logger takes uncaught errors for itself.
    sys.excepthook = sys.__excepthook__
    comparison = Comparison(reference, Ours(options.ours))
    run(comparison, Generator(random.Random(options.seed), reference), options.searches)
    took = time.monotonic() - begin
    counts = ", ".join(f"{count} {name}" for name, count in comparison.compared.items())
    print(f"\ncompared in {took:.0f} s: {counts}; {comparison.differences} differ")
    print(f"again: npm run test:server -- --seed {options.seed} --searches {options.searches}")
    sys.exit(1 if comparison.differences else 0)


if __name__ == "__main__":
    main()
