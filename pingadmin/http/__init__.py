"""Guarded HTTP: one request, one deadline for all of it, and an exact word on whether it was sent.

The bottom of the panel: upstreams, webhooks and checkpoint sinks build on it, and it imports
nothing of ours but `config`. No other package imports an HTTP library.
"""
