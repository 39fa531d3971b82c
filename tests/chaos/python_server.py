"""One V0 conversation behind python-socketio and uvicorn, as OpenHands itself serves it.

What is missed is sent from within the connect handler, so it comes before the answer to the
connection. Prints its address; `--key` is the session key that clients have to bring.
"""

import argparse
import asyncio
import json
import socket
from urllib.parse import parse_qs

import socketio
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

NEVER_RESENT = ({"action": "null"}, {"observation": "null"}, {"action": "recall"})
LIVE_FROM_ENVIRONMENT = {"run", "agent_state_changed", "recall", "error"}

options = argparse.ArgumentParser()
options.add_argument("--key")
key = options.parse_args().key

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
events = []


def holds(event, members):
    return all(event.get(name) == value for name, value in members.items())


def live_form(event):
    """The event as it is sent live, or None where it is not sent."""
    kind = event.get("observation")
    if any(holds(event, members) for members in NEVER_RESENT[:2]):
        return None
    if event.get("source") in ("agent", "user"):
        return event
    if event.get("source") == "environment" and kind in LIVE_FROM_ENVIRONMENT:
        return {**event, "source": "agent"}
    return {**event, "source": "agent"} if kind == "error" else None


@sio.event
async def connect(sid, environ):
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if key is not None and query.get("session_api_key") != [key]:
        raise ConnectionRefusedError("invalid_session_api_key")
    try:
        latest = int(query["latest_event_id"][0])
    except (KeyError, ValueError):
        latest = -1
    await sio.enter_room(sid, "conversation")
    state = None
    for event in [event for event in events if event["id"] > latest]:
        if any(holds(event, members) for members in NEVER_RESENT):
            continue
        if event.get("observation") == "agent_state_changed":
            state = event
        else:
            await sio.emit("oh_event", event, to=sid)
    if state is not None:
        await sio.emit("oh_event", state, to=sid)


async def append(event):
    events.append(event)
    shown = live_form(event)
    if shown is not None:
        await sio.emit("oh_event", shown, to="conversation")


@sio.event
async def oh_user_action(sid, action):
    event = {"id": len(events), "timestamp": "2026-01-01T00:00:00", "source": "user"}
    await append({**event, "message": "", "action": action["action"], "args": action["args"]})


async def read_events(request):
    """`GET /api/conversations/{id}/events`."""
    if key is not None and request.headers.get("x-session-api-key") != key:
        return JSONResponse({"detail": "Unauthorized"}, 401)
    query = request.query_params
    first, limit = int(query.get("start_id", 0)), int(query.get("limit", 20))
    last = int(query["end_id"]) if query.get("end_id") else len(events)
    found = [event for event in events if first <= event["id"] <= last]
    if query.get("reverse") == "true":
        found.reverse()
    body = {"events": found[:limit], "has_more": len(found) > limit}
    return Response(json.dumps(body), media_type="application/json")


async def append_all(request):
    """`POST /control/append`: a list of events, which are sent one by one."""
    for event in await request.json():
        await append(event)
    return JSONResponse({"events": len(events)})


cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["*"], allow_methods=["*"])
app = Starlette(
    routes=[
        Route("/api/conversations/{id}/events", read_events),
        Route("/control/append", append_all, methods=["POST"]),
    ],
    middleware=[cors],
)


async def main():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(socketio.ASGIApp(sio, app), log_level="error", ws="wsproto")
    await uvicorn.Server(config).serve(sockets=[listener])


asyncio.run(main())
