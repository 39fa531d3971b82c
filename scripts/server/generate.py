"""Random events, searches and secrets, from the fields that the server's classes have."""

import dataclasses
import json

WORDS = (
    "fix bug test error README.md /workspace/app.py ls -la id message source true null None "
    "return def kelvin Istanbul hidden secret {} [] \"msg\" 'it' it's 0 1 -1 1.0 <b> \\ / \\n"
).split() + [
    "", " ", "\n", "\t", "\u00e9", "\u0130", "\u017f", "\u212a", "\u2028", "\x7f", "\x00",
    "\x1b[0m",
    "\U0001f600", "\U0001f468\u200d\U0001f469", "\ud83d", "\udc00", "\u0301", "\ue000", "\u0378",
    "\u00a0", "\u3000", "\ufeff", "\u00ad", "\uffff", "\U0010ffff",
]  # fmt: skip
NUMBERS = [
    0, 1, 2, -1, 3, 7, 120, 2**53, 2**64, -(10**25), 0.0, -0.0, 1.0, 2.0, 0.5, 1.5, 1e16, 1e22,
    1e-5, 1e-7, 1e300, 5e-324, float("nan"), float("inf"), -float("inf"),
]  # fmt: skip
KEYS = ["a", "key", "id", "content", "reason", "hidden", "10", "2", "", "x y", "\u00e9",
        "screenshot", "dom_object", "set_of_marks"]  # fmt: skip
NUMERIC_TEXTS = ["3", " 3 ", "+3", "-3", "1_000", "1__0", "3.0", "3.5", "1e3", ".5", "5.", "inf",
                 "nan", "-", "0x10", "soon", "007", "3\n"]  # fmt: skip
DATES = ["2025-01-01T00:00:00", "2025-01-01T00:00:00.123456", "2025-01-02", "2025-01-02T09:00:00Z",
         "2025", "", "t", "\u00e9", "2025-01-01 23:59:59"]  # fmt: skip
SOURCES = ["agent", "user", "environment"]
REQUIRED_TEXTS = {"reason", "url", "query"}
TEXTS = {"content", "command", "thought", "code", "path", "url", "query", "summary", "name"}
CODES = [
    None,
    "print(1)",
    "print(file_editor(**{'command': 'view', 'path': '/b'}))",
    "print(file_editor(**{'path': 'it\\'s \\u00e9\\n\\x41', 'thought': None}))",
    "print(file_editor(**{'command': 'create', 'path': \"a\", 'start': 5, 'end': -1.5}))",
    "print(file_editor(**{'view_range': [1, 2], 'command': 'view', 'path': 'x'}))",
    "print(file_editor(**{'view_range': [1, [True], {'a': None}], 'path': {}}))",
    "print(file_editor(**{bad))",
    "print(file_editor(**{'zz': 1}))",
]


class Generator:
    def __init__(self, random, reference):
        self.random = random
        self.reference = reference

    def one_in(self, times):
        return self.random.randrange(times) == 0

    def text(self, most=5):
        joiner = self.random.choice(["", " ", "\n"])
        words = self.random.choices(WORDS, k=self.random.randint(0, most))
        return joiner.join(words)

    def value(self, depth=3):
        sort = self.random.randrange(10 if depth else 7)
        if sort < 3:
            return self.text()
        if sort < 5:
            return self.random.choice(NUMBERS)
        if sort == 5:
            return self.random.choice([None, True, False])
        if sort == 6:
            return self.random.choice(NUMERIC_TEXTS)
        if sort == 7:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        return self.object(depth - 1)

    def object(self, depth=2):
        keys = self.random.choices(KEYS, k=self.random.randrange(4))
        return {key: self.value(depth) for key in keys}

    def member(self, name, default):
        """A value for a field: mostly of the sort that it has, sometimes any."""
        if self.one_in(12):
            return self.value()
        if name in TEXTS or isinstance(default, str):
            return self.text()
        if isinstance(default, bool):
            return self.one_in(2)
        if isinstance(default, int):
            return self.random.randint(-2, 9)
        if name in ("outputs", "inputs", "arguments"):
            return self.object()
        if name == "task_list":
            return [self.object() for _ in range(self.random.randrange(4))]
        if name == "recall_type":
            return self.random.choice(["workspace_context", "knowledge", "zzz"])
        if name == "microagent_knowledge":
            names = ["name", "trigger", "content"]
            complete = self.random.choice([3] * 6 + [2])
            return [
                {name: self.text() for name in self.random.sample(names, complete)}
                for _ in range(self.random.randrange(3))
            ]
        if name == "metadata":
            return self.metadata()
        if name == "forgotten_event_ids":
            return [self.random.randrange(9) for _ in range(self.random.randrange(4))]
        if name in ("forgotten_events_start_id", "forgotten_events_end_id", "summary_offset"):
            return self.random.randrange(9)
        return self.random.choice([None, self.text(), self.value()])

    def metadata(self):
        names = ["exit_code", "pid", "username", "hostname", "working_dir", "py_interpreter_path",
                 "prefix", "suffix", "zz"]  # fmt: skip
        metadata = {}
        for name in self.random.sample(names, self.random.randrange(6)):
            if self.one_in(8):
                metadata[name] = self.value(0)
            elif name in ("exit_code", "pid"):
                metadata[name] = self.random.choice([0, 0, 1, -1, 127, "3", 2.0, True])
            else:
                metadata[name] = self.text()
        return metadata

    def tokens(self):
        names = ["model", "prompt_tokens", "completion_tokens", "cache_read_tokens",
                 "cache_write_tokens", "context_window", "per_turn_token", "response_id",
                 "zz"]  # fmt: skip
        tokens = {}
        for name in self.random.sample(names, self.random.randrange(9)):
            is_text = name in ("model", "response_id")
            tokens[name] = self.text() if is_text else self.random.randrange(10**6)
            if self.one_in(30):
                tokens[name] = self.value(0)
        return tokens

    def metrics(self):
        if self.one_in(8):
            return self.value()
        number = lambda: self.random.choice([0, 1, 0.5, 1.0, 1e-7, 1750256365.5, 3, True, "2.5"])
        metrics = {}
        if self.one_in(2):
            metrics["accumulated_cost"] = self.random.choice(NUMBERS + [None, "1", True])
        if self.one_in(2):
            metrics["max_budget_per_task"] = self.random.choice([None, 4.0, 4, "x"])
        if self.one_in(2):
            metrics["accumulated_token_usage"] = self.tokens()
        if self.one_in(2):
            metrics["costs"] = [
                {"model": self.text(), "cost": number(), "timestamp": number()}
                for _ in range(self.random.randrange(3))
            ]
        if self.one_in(2):
            metrics["response_latencies"] = [
                {"response_id": "r", "model": self.text(), "latency": number()}
                for _ in range(self.random.randrange(3))
            ]
        if self.one_in(2):
            metrics["token_usages"] = [self.tokens() for _ in range(self.random.randrange(3))]
        for name in ("costs", "response_latencies", "token_usages"):
            if self.one_in(20):
                metrics[name] = self.value()
        return metrics

    def tool_call(self):
        """As a server of another version may have stored it; litellm's own is its business."""
        details = {"audio_tokens": None, "cached_tokens": 3}
        usage = {"completion_tokens": 2, "prompt_tokens": 1, "total_tokens": 3}
        if self.one_in(2):
            usage["prompt_tokens_details"] = self.random.choice([None, {}, details])
        if self.one_in(2):
            usage["cache_read_input_tokens"] = self.random.randrange(99)
        if self.one_in(2):
            usage["cache_creation_input_tokens"] = self.random.randrange(99)
        if self.one_in(3):
            usage["completion_tokens_details"] = self.random.choice([None, {"reasoning_tokens": 5}])
        call = {
            "index": 0,
            "function": {"arguments": json.dumps(self.object()), "name": "execute_bash"},
            "id": "toolu_x",
            "type": "function",
        }
        message = {"content": self.random.choice([None, self.text()]), "role": "assistant"}
        if self.one_in(2):
            message["tool_calls"] = self.random.choice([None, [], [call]])
        if self.one_in(2):
            message["function_call"] = None
        if self.one_in(3):
            message["reasoning_content"] = self.random.choice([None, self.text()])
        reasons = ["stop", "tool_calls", "end_turn", "tool_use", "max_tokens", None]
        reason = self.random.choice(reasons)
        choice = {"finish_reason": reason, "index": 0, "message": message}
        response = {"id": "i", "created": 1, "model": "m", "object": "chat.completion",
                    "system_fingerprint": None, "choices": [choice][: self.random.randrange(2)],
                    "usage": usage}  # fmt: skip
        if self.one_in(3):
            response["service_tier"] = None
        if self.one_in(6):
            del response["usage"]
        metadata = {"function_name": "f", "tool_call_id": "t", "model_response": response,
                    "total_calls_in_response": 1}  # fmt: skip
        if self.one_in(20):
            del metadata[self.random.choice(list(metadata))]
        return metadata

    def event(self, number):
        """An event in a shape that some version of the server may have stored."""
        is_action = self.one_in(2)
        classes = self.reference.actions if is_action else self.reference.observations
        name = self.random.choice(list(classes))
        members = {}
        for field in dataclasses.fields(classes[name]):
            if field.name in ("action", "observation") or not is_action and field.name == "content":
                continue
            required = (
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            )
            if not self.one_in(40) if required else self.one_in(2):
                members[field.name] = self.member(field.name, field.default)
        if "security_risk" in members:
            members["security_risk"] = self.random.choice([-1, 0, 1, 2, 2.0, True, "LOW", 3, None])
        if name == "condensation" and not self.one_in(4):
            members = {"forgotten_event_ids": members.get("forgotten_event_ids") or [1]}
            if self.one_in(2):
                members.update(summary=self.text(), summary_offset=0)
        self.deprecated(members, is_action, name)
        items = list(members.items())
        self.random.shuffle(items)
        event = {"id": number}
        if not self.one_in(6):
            event["timestamp"] = self.random.choice(DATES)
        if not self.one_in(5):
            event["source"] = self.random.choice(SOURCES)
        if self.one_in(2):
            event["cause"] = self.random.choice([0, 1, number, None, 2.9, "5", " 7 ", -1, True])
        event["action" if is_action else "observation"] = name
        if self.one_in(6):
            event["tool_call_metadata"] = self.tool_call()
        if self.one_in(6):
            event["llm_metrics"] = self.metrics()
        if items or not self.one_in(4):
            event["args" if is_action else "extras"] = dict(items)
        if is_action and self.one_in(4):
            event["timeout"] = self.random.choice([120, 1.5, None, True, *NUMERIC_TEXTS, 10**400])
        if not is_action and not self.one_in(10):
            event["content"] = self.content(name)
        if self.one_in(4):
            event["message"] = self.text()
        if self.one_in(8):
            event["success"] = self.value()
        if self.one_in(30):
            name = self.random.choice(["timestamp", "source", "args", "extras", "zz"])
            event[name] = self.value()
        items = list(event.items())
        if self.one_in(3):
            self.random.shuffle(items)
        return dict(items)

    def content(self, name):
        if self.one_in(12):
            return self.value()
        if name == "run" and self.one_in(30):
            length = self.random.choice([29_999, 30_000, 30_001, 30_043, 40_000])
            unit = self.random.choice(["y", "\u00e9", "\U0001f600", "ab\n", "\ud83d", "\\"])
            return (unit * length)[:length]
        return self.text(20)

    def deprecated(self, members, is_action, name):
        if is_action:
            for key, values in {
                "keep_prompt": [True, None],
                "task_completed": ["true", None, True],
                "is_confirmed": [None, "rejected", "confirmed"],
                "images_urls": [None, ["u"]],
                "timestamp": ["T", "", None, 5],
                "translated_ipython_code": CODES,
                "security_risk": [None, 1, "HIGH"],
                "action": ["run", None, "hello"],
                "zz": [1],
            }.items():
                often = key == "translated_ipython_code" and name in ("edit", "read")
                if self.one_in(4 if often else 40):
                    members[key] = self.random.choice(values)
        else:
            for key in ("exit_code", "command_id"):
                if self.one_in(4 if name == "run" else 60):
                    members[key] = self.random.choice([0, 1, -1, "3", 2.0, None, True, "x"])
            for key in ("formatted_output_and_error", "metadata", "observation", "zz", "content"):
                if self.one_in(60):
                    members[key] = self.value()

    def text_of(self, event):
        return json.dumps(event, ensure_ascii=self.one_in(2)).encode("utf-8", "ignore").decode()

    def call(self, count, texts):
        """A search over about `count` ids; `texts` are what a query may find."""
        call = {}
        number = lambda: self.random.choice([0, 1, self.random.randint(-3, count + 3)])
        if self.one_in(3):
            call["start_id"] = number()
        if self.one_in(3):
            call["end_id"] = self.random.choice([None, number()])
        if self.one_in(3):
            call["reverse"] = self.one_in(2)
        if self.one_in(3):
            call["limit"] = self.random.choice([None, 0, 1, 2, 5, 100, -1])
        filter = {}
        if self.one_in(2):
            filter["query"] = self.query(texts)
        for types in ("include_types", "exclude_types"):
            if self.one_in(5):
                names = list(self.reference.classes)
                filter[types] = self.random.choices(names, k=self.random.randrange(4))
        if self.one_in(5):
            filter["source"] = self.random.choice([*SOURCES, "Agent", "", None])
        for date in ("start_date", "end_date"):
            if self.one_in(6):
                filter[date] = self.random.choice([*DATES, None])
        if self.one_in(5):
            filter["exclude_hidden"] = self.one_in(2)
        if filter or self.one_in(4):
            call["filter"] = filter
        return call

    def query(self, texts):
        if self.one_in(4) or not texts:
            return self.text(2)
        text = self.random.choice(texts)
        start = self.random.randrange(len(text))
        part = text[start : start + self.random.randint(1, 12)]
        change = self.random.randrange(5)
        if change == 0:
            return part.upper()
        if change == 1:
            return part.lower()
        if change == 2:
            return part.replace("k", "\u212a", 1)
        return part

    def secrets(self, text):
        secrets = {}
        for index in range(self.random.randint(1, 3)):
            strings = [part for part in json.dumps(json.loads(text)).split('"') if part.strip()]
            part = self.random.choice([*strings, self.text(1), "<secret_hidden>", "secret", ""])
            start = self.random.randrange(max(1, len(part)))
            secrets[f"S{index}"] = part[start : start + self.random.randint(0, 8)]
        return secrets
