#!/usr/bin/env bash
# Runs the CPU plugin's tests as ARM64 code: the rungs AdvSimd and ArmDot. On an x64 Debian machine under qemu-aarch64, on an ARM64 machine directly.
# Installs Debian's packages qemu-user, libc6, libstdc++6 and libssl3 for arm64 where they are missing (as root), publishes the tests for linux-arm64
# to a temporary folder, and runs them there. Arguments go to the test program, for example: -class '*GemmTests'
set -euo pipefail
cd "$(dirname "$0")/.."

emulator=()
excluded=()
if [ "$(uname -m)" != aarch64 ]; then
    emulator=(qemu-aarch64)

    # The emulator drops advice about huge pages.
    excluded=(-method- '*A_large_block_is_advised_to_lie_in_huge_pages')
    if ! command -v qemu-aarch64 > /dev/null || [ ! -e /lib/ld-linux-aarch64.so.1 ] || ! ls /usr/lib/aarch64-linux-gnu/libssl.so.3 > /dev/null 2>&1; then
        echo "Installing qemu-user and the arm64 libraries that .NET needs"
        dpkg --add-architecture arm64
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends qemu-user libc6:arm64 libstdc++6:arm64 libssl3:arm64 > /dev/null
    fi
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet publish tests/Tandem.Plugins.Cpu.Tests -c Release -r linux-arm64 --self-contained -p:ArtifactsPath="$folder/obj" -o "$folder/out" -v:q

# The emulator does not see code that is written through a second mapping of its page.
export DOTNET_EnableWriteXorExecute=0
"${emulator[@]}" "$folder/out/Tandem.Plugins.Cpu.Tests" -parallel none "${excluded[@]}" "$@"
