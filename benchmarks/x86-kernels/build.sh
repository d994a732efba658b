#!/bin/sh
# Builds the benchmark kernels freestanding for x86-64: build.sh KERNELS-FOLDER OUTPUT-FOLDER [KERNEL...]
# Each OUTPUT-FOLDER/NAME.elf runs with `emu run --machine bare-x86 --kernel NAME.elf --debug-exit 0xf4` and with
# `qemu-system-x86_64 -kernel NAME.elf -device isa-debug-exit,iobase=0xf4,iosize=4 -serial stdio`, prints a checksum and ends with status 1;
# NAME.n is the same program for this host. ITERATIONS_NAME in the environment changes how long a kernel runs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
sources=$1
output=$2
shift 2
mkdir -p "$output"
flags="-O2 -fno-tree-vectorize -fno-builtin -fno-tree-loop-distribute-patterns -w"

iterations()
{
    case $1 in
        coremix) echo 5000 ;; dhry) echo 3000000 ;; sieve) echo 400 ;; memstr) echo 20000 ;; matmul) echo 120 ;;
        bst) echo 20 ;; interp) echo 4000000 ;; fib) echo 38 ;; qsort) echo 500 ;; sha) echo 400000 ;;
        *) echo "no kernel $1" >&2; exit 2 ;;
    esac
}

[ $# -gt 0 ] || set -- coremix dhry sieve memstr matmul bst interp fib qsort sha
for kernel in "$@"; do
    eval "count=\${ITERATIONS_$kernel:-$(iterations "$kernel")}"
    case $kernel in matmul) sse= ;; *) sse="-mno-sse -mno-mmx" ;; esac # one kernel computes in floating point
    gcc -m64 $flags -DITERS="$count" $sse -mno-red-zone -ffreestanding -fno-pie -no-pie -fno-stack-protector -fcf-protection=none \
        -fno-asynchronous-unwind-tables -static -nostdlib -Wl,-T,"$here/link.ld" -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments \
        "$here/start.S" "$sources/main.c" "$sources/$kernel.c" -o "$output/$kernel.elf"
    gcc -DNATIVE $flags -DITERS="$count" "$sources/main.c" "$sources/$kernel.c" -o "$output/$kernel.n"
done
