"""Obtains certificates beside the passes, so that none of them waits for an ACME server."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import field, replace

from runtime.certificates import (
    VOLUME,
    Account,
    Hosts,
    Issued,
    Kept,
    account_file,
    issued_file,
    kept,
)
from runtime.dataclass import dataclass
from runtime.engine import Engine, EngineError


@dataclass
class Issuer:
    """Whom certificates are asked of: an ACME server whose terms are agreed to, "" for nobody.

    What becomes of it is written into the volume, where the next pass finds it.
    """

    directory: str = ""
    email: str = ""
    _work: threading.Thread | None = field(default=None, repr=False)

    def pursue(
        self, engine: Engine, orders: Sequence[Hosts], decided: float, clock: Callable[[], float]
    ) -> None:
        """Begin to obtain certificates for these hosts, unless there is work going on; return at once.

        ``decided`` is when that was found to be due: what has been tried since then is not tried again.
        """
        if not orders or not self.directory or (self._work and self._work.is_alive()):
            return
        task = (engine, tuple(orders), decided, clock)
        self._work = threading.Thread(target=self._obtain, args=task, name="issuer", daemon=True)
        self._work.start()

    def _obtain(
        self, engine: Engine, orders: Sequence[Hosts], decided: float, clock: Callable[[], float]
    ) -> None:
        from runtime.acme_client import AcmeError

        try:
            known = kept(engine.files_of(VOLUME))
            due = [hosts for hosts in orders if _tried(known, hosts) <= decided]
            try:
                account = self._account(engine, known)
                if account == known.account:
                    _each(engine, account, due, known, clock)
            except AcmeError as error:
                for hosts in due:
                    _write(engine, _failed(known, hosts, self.directory, str(error)), clock)
        except EngineError:
            return  # a pass asks the same engine, and tells

    def _account(self, engine: Engine, known: Kept) -> Account:
        """Return our account; a new one has to be known to the proxy before it is of use."""
        from runtime.acme_client import new_account, registered

        if known.account and known.account.directory == self.directory:
            return known.account
        made = registered(new_account(self.directory), self.email)
        engine.write_file(VOLUME, account_file(made))
        return made


def _each(
    engine: Engine, account: Account, due: Sequence[Hosts], known: Kept, clock: Callable[[], float]
) -> None:
    from runtime.acme_client import AcmeError, obtain

    for hosts in due:
        try:
            _write(engine, obtain(account, hosts), clock)
        except AcmeError as error:
            _write(engine, _failed(known, hosts, account.directory, str(error)), clock)


def _tried(known: Kept, hosts: Hosts) -> float:
    return known.issued[hosts].tried if hosts in known.issued else 0.0


def _failed(known: Kept, hosts: Hosts, directory: str, why: str) -> Issued:
    before = known.issued.get(hosts) or Issued(hosts, directory)
    return replace(before, failures=before.failures + 1, why=why)


def _write(engine: Engine, issued: Issued, clock: Callable[[], float]) -> None:
    engine.write_file(VOLUME, issued_file(replace(issued, tried=clock())))
