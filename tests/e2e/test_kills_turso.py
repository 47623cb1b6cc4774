"""Copies from a libSQL server (the double) to every database, killed and gone on with."""

from kills import Kills as Base


class FromHere(Base):
    source = "turso"


del Base  # it isn't a test by itself
