"""`queue-monitor demo`: declared and run by the command line."""

import argparse

from monitor.demo.scenarios import SCENARIOS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--scenario", choices=[*SCENARIOS], help="play faults, unattended")
    parser.add_argument("--exit", action="store_true", help="end when the scenario is over")
    parser.add_argument(
        "--port", type=_port, metavar="N", help="of the page (9808, or a free one if that is taken)"
    )
    # The proof that the scenarios notice a monitor that does not alert.
    parser.add_argument("--no-alerts", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(demo_parser=parser)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not from 0 to 65535")
    return port


def run(args: argparse.Namespace) -> int:
    """Run the demo; return the exit status."""
    if args.exit and args.scenario is None:
        args.demo_parser.error("--exit needs --scenario")
    # Only now: every other command declares this one too, and must start fast.
    from monitor.demo import demo

    return demo.run(
        args.scenario, exit_after=args.exit, port=args.port, alerting=not args.no_alerts
    )
