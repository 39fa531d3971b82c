"""The OpenHands server's own code, asked the questions that `examples/answers.rs` answers."""

import json
import os
import sys
import warnings
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

os.environ.update(
    LOG_LEVEL="CRITICAL", LOG_TO_FILE="false", LITELLM_LOCAL_MODEL_COST_MAP="True"
)


class Reference:
    """`code` is the folder of the unpacked `openhands-ai` source."""

    def __init__(self, code):
        sys.path.insert(0, code)
        warnings.simplefilter("ignore")
        from openhands.events import event_filter, event_store, nested_event_store, stream
        from openhands.events.serialization import action, event, observation
        from openhands.storage.locations import get_conversation_event_filename
        from openhands.storage.memory import InMemoryFileStore

        self.actions = {str(k.value): v for k, v in action.ACTION_TYPE_TO_CLASS.items()}
        self.observations = {
            str(k.value): v for k, v in observation.OBSERVATION_TYPE_TO_CLASS.items()
        }
        bases = [cls for c in self.actions.values() for cls in c.__mro__[:-1]]
        bases += [cls for c in self.observations.values() for cls in c.__mro__[:-1]]
        self.classes = {cls.__name__: cls for cls in bases}
        self._event = event
        self._filter = event_filter.EventFilter
        nested_event_store.httpx = SimpleNamespace(get=self._get)
        self._remote = nested_event_store.NestedEventStore("", "test", None)
        self._urls = []
        self._store_class = event_store.EventStore
        self._stream = stream.EventStream
        self._files = InMemoryFileStore
        self._filename = get_conversation_event_filename
        self._store = None

    def answer(self, question):
        ((name, value),) = question.items()
        return getattr(self, name)(value)

    def wire(self, text):
        try:
            event = self._event.event_from_dict(json.loads(text))
            return json.dumps(self._event.event_to_dict(event))
        except Exception:
            return None

    def trajectory(self, value):
        text, screenshots = value
        event = self._event.event_from_dict(json.loads(text))
        return json.dumps(self._event.event_to_trajectory(event, screenshots))

    def mask(self, value):
        text, secrets = value
        stream = self._stream.__new__(self._stream)
        stream.secrets = secrets
        return json.dumps(stream._replace_secrets(json.loads(text)))

    def store(self, texts):
        files = self._files()
        for text in texts:
            files.write(self._filename("test", json.loads(text)["id"]), text)
        self._store = self._store_class("test", files, None)
        return len(texts)

    def _arguments(self, call):
        arguments = dict(call)
        if arguments.get("filter") is not None:
            given = dict(arguments["filter"])
            for types in ("include_types", "exclude_types"):
                if given.get(types) is not None:
                    given[types] = tuple(self.classes[name] for name in given[types])
            arguments["filter"] = self._filter(**given)
        return arguments

    def search(self, call):
        return [event.id for event in self._store.search_events(**self._arguments(call))]

    def matching(self, call):
        given = dict(self._arguments({"filter": {}, **call})["filter"].__dict__)
        names = ("query", "source", "start_date", "end_date")
        arguments = {name: given[name] for name in names}
        arguments["event_types"] = given["include_types"]
        for name in ("start_id", "reverse", "limit"):
            if call.get(name) is not None:
                arguments[name] = call[name]
        try:
            return [event.id for event in self._store.get_matching_events(**arguments)]
        except ValueError:
            return None

    def nested(self, call):
        if call.get("limit") == 0:
            # It would ask for ever: ours gives what a store gives.
            return self.search(call)
        self._urls, ids, failed = [], [], False
        try:
            for event in self._remote.search_events(**self._arguments(call)):
                ids.append(event.id)
        except KeyError:
            failed = True
        return [ids, self._urls, failed]

    def _get(self, url, headers):
        """The answer of the server's route `GET /events`."""
        self._urls.append(url)
        query = dict(parse_qsl(urlsplit(url).query))
        limit = int(query.get("limit", 20))
        if limit < 0 or limit > 100:
            return SimpleNamespace(status_code=400, json=lambda: {"detail": "Invalid limit"})
        end_id = query.get("end_id")
        found = self._store.search_events(
            start_id=int(query["start_id"]),
            end_id=None if end_id is None else int(end_id),
            reverse=query["reverse"] == "True",
            limit=limit + 1,
        )
        events = [self._event.event_to_dict(event) for event in found]
        page = {"events": events[:limit], "has_more": len(events) > limit}
        return SimpleNamespace(status_code=200, json=lambda: page)
