#!/bin/sh
# Builds riscv-demo.bin, the same bytes each time for one compiler. Usage: build.sh [output file]
# CROSS names the tool chain (default riscv64-linux-gnu-). Without an argument the committed binary is replaced, and
# toolchain.txt beside it notes the compiler that made it.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cross=${CROSS:-riscv64-linux-gnu-}
output=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here"

LC_ALL=C
export LC_ALL
# -fno-tree-loop-distribute-patterns: or memcpy's own loop becomes a call of memcpy.
"${cross}gcc" -std=gnu17 -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -nostdlib -ffreestanding -Os \
    -Wall -Wextra -Werror -fpie -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables \
    -fno-tree-loop-distribute-patterns -fno-common -fno-ident -fvisibility=hidden -ffile-prefix-map="$here"=. \
    -Wl,-pie -Wl,--no-dynamic-linker -Wl,--build-id=none -Wl,-z,norelro -Wl,--hash-style=sysv -Wl,--no-warn-rwx-segments \
    -Wl,-T,link.ld -o "$work/riscv-demo.elf" *.S *.c
"${cross}objcopy" -O binary "$work/riscv-demo.elf" "$work/riscv-demo.bin"
if [ -n "${ELF:-}" ]; then
    cp "$work/riscv-demo.elf" "$ELF"
fi
if [ -n "$output" ]; then
    cp "$work/riscv-demo.bin" "$output"
else
    cp "$work/riscv-demo.bin" riscv-demo.bin
    "${cross}gcc" --version | head -n 1 > toolchain.txt
fi
