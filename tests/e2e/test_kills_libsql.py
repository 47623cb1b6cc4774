"""Copies from a libSQL file to every database, killed and gone on with."""

from kills import Kills as Base


class FromHere(Base):
    source = "libsql"


del Base  # it isn't a test by itself
