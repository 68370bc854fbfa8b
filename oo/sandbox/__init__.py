"""A stand-in Google and Todoist on localhost, for installations without credentials and for tests.

It is a world of its own: it imports nothing of the product, and the product talks to it over HTTP
only, exactly as it talks to the real services. Start it with ``python -m oo.sandbox``.
"""
