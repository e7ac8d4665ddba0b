import json

from tests.support.raw_server import RawServer

PATH = "/services/T000/B000/canary-webhook-secret"


def delivered_texts(server: RawServer) -> list[str]:
    """The text of each message that a webhook took, in order."""
    return [json.loads(request.body)["text"] for request in server.requests]
