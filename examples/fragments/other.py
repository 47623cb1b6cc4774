"""A second database beside the one of a URL.

    python other.py make|drop|url postgresql://... NAME
"""

import sys
import urllib.parse

import psycopg
from psycopg import sql


def main(verb, url, name):
    if verb == "url":
        print(urllib.parse.urlunsplit(urllib.parse.urlsplit(url)._replace(path="/" + name)))
        return
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        if verb == "make":
            db.execute(sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(name)))


if __name__ == "__main__":
    main(*sys.argv[1:])
