"""The site: pages, JSON API, sign-in and serving. Holds no query: it asks `posture`.

`frame.prepare` has to come first: it brings up Django with the site's settings, before anything
imports the ledger, which would bring it up for itself alone.
"""
