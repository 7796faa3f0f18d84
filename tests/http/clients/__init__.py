"""Frontends written from the protocol alone, and what they do all day against a live service.

Nothing here knows `oa_graph`: only the standard library, httpx and aiohttp. `shapes` and `conventions` say what a
complete response is; there is one module for each real frontend, with its habits; the tests let them work.
"""
