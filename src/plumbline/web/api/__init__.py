"""The JSON API: one file a family of addresses; `urls` joins them."""
