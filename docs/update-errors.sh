#!/usr/bin/env bash
# Writes docs/errors.md from the comments of ErrorCode.
set -euo pipefail
cd "$(dirname "$0")/.."
TANDEM_UPDATE_ERRORS_PAGE=1 dotnet run --project tests/Tandem.Cli.Tests -c Release -- -class '*ErrorsPageTests'
