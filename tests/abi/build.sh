#!/bin/sh
# Rebuilds the checked-in plugin binary from the frozen contract. The binary changes only when the freeze does.
set -eu
cd "$(dirname "$0")"
dotnet build FirstContractPlugin/FirstContractPlugin.csproj -c Release
cp FirstContractPlugin/bin/Release/net10.0/FirstContractPlugin.dll binaries/
