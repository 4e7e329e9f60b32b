"""The old name of support.py; to go with the last file that imports it."""
from support import *  # noqa: F403
