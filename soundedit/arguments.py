"""Command lines whose mistakes are told in one line."""

import argparse
from typing import NoReturn

from soundedit.errors import SoundeditError


class ArgumentParser(argparse.ArgumentParser):
    """Raises what is wrong with the words as one sentence, `SoundeditError`."""

    def error(self, message: str) -> NoReturn:
        raise SoundeditError(f"{message} (see {self.prog} --help)")
