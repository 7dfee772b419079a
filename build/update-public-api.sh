#!/usr/bin/env bash
# Writes the public API of sdk and host into the PublicAPI.Unshipped.txt files: what the analyzers miss is added.
# An API that is gone is removed from the files by hand, so that nobody removes one by accident.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in sdk/Tandem.Sdk sdk/Tandem.FlatBuffers host/Tandem.Host; do
  name=$(basename "$project")
  log=$(mktemp)
  dotnet build "$project" --no-incremental -p:TreatWarningsAsErrors=false > "$log" || { cat "$log"; exit 1; }
  { grep -F "[$PWD/$project/$name.csproj]" "$log" | grep -oP "RS0016: Symbol '\K.*(?=' is not part of the declared public API)" || true
    tail -n +2 "$project/PublicAPI.Unshipped.txt"; } | LC_ALL=C sort -u > "$log.sorted"
  { echo '#nullable enable'; grep -v '^$' "$log.sorted" || true; } > "$project/PublicAPI.Unshipped.txt"
  rm -f "$log" "$log.sorted"
done
