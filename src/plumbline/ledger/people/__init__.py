"""People, their tokens and one-time links: a Django app that only the site needs.

Importing its models takes the site's settings, so nothing of the command line's daily work pays
for them.
"""
