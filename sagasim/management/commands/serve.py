"""Serves sagasim with daphne: pages and sockets in one process (docs/decisions/0001)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from sagasim.local import loopback


class Command(BaseCommand):
    help = "Serve sagasim: pages and sockets in one daphne process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "address",
            nargs="?",
            default="127.0.0.1:8000",
            help="HOST:PORT (%(default)s); port 0 is any free one",
        )

    def handle(self, *_: Any, address: str, **__: Any) -> None:
        host, port = parse(address)
        if settings.LOCAL and not loopback(host):
            raise CommandError(
                f"In local mode whoever reaches sagasim is its owner, so it does not listen on {host}: "
                "use 127.0.0.1, or set SAGASIM_MODE=server (README.md, 'On a server')."
            )

        self.give_up_what_is_lost()
        from daphne.endpoints import build_endpoint_description_strings

        from sagasim.asgi import application
        from sagasim.serving import (
            TellingServer,
        )  # installs an event loop when imported: only now, when it is wanted

        server: TellingServer = TellingServer(
            application=application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            ready_callable=lambda: self.announce(server.listening_addresses),
            server_name="sagasim",
        )
        server.run()
        if not server.listening_addresses:  # daphne has logged why
            raise CommandError("sagasim did not start. Another address: make run ADDRESS=127.0.0.1:8001")

    def give_up_what_is_lost(self) -> None:
        """Explorations that a killed server has left behind say so from now on."""
        from sagasim.explorer.jobs import sweep

        try:
            sweep()
        except DatabaseError as error:
            self.stderr.write(f"What is stored cannot be read: {error}. Run manage.py migrate first.")

    def announce(self, listening: list[tuple[str, int]]) -> None:
        for host, port in listening:
            name = f"[{host}]" if ":" in host else host
            self.stdout.write(f"sagasim is at http://{name}:{port}/ (Ctrl-C stops it)")
        self.stdout.flush()
        if settings.CURATOR:
            from sagasim.explorer.curating import begin

            begin()


def parse(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise CommandError(f"{address!r} is not an address; it would be HOST:PORT, as in 127.0.0.1:8000.")
    return host.strip("[]"), int(port)
