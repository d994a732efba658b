# Starts a kernel of C in long mode, on our bare-x86 and on QEMU's pc alike: a Multiboot header with addresses, page tables, SSE on.
# What the kernel prints goes to COM1; it leaves by the debug exit port 0xf4 with 0, which is status 1.
        .set MAGIC, 0x1badb002
        .set FLAGS, 0x00010000          # address fields are valid

        .section .text.start,"ax"
        .code32
header: .long MAGIC, FLAGS, -(MAGIC + FLAGS)
        .long header, load_start, load_end, bss_end, start32

        .globl start32
start32:
        cli
        movl    $stack_top, %esp
        movl    $pml4, %edi
        xorl    %eax, %eax
        movl    $(6 * 1024), %ecx
        rep stosl
        movl    $(pdpt + 3), pml4
        movl    $(pd + 3), pdpt
        movl    $(pd + 0x1003), pdpt + 8
        movl    $(pd + 0x2003), pdpt + 16
        movl    $(pd + 0x3003), pdpt + 24
        movl    $pd, %edi
        movl    $0x83, %eax             # present, writable, 2 MiB
        movl    $2048, %ecx
1:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $0x200000, %eax
        loop    1b
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    $0x620, %eax            # PAE, OSFXSR, OSXMMEXCPT
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        andl    $0x9ffffffb, %eax       # caches on, no emulation of the x87
        orl     $0x80000002, %eax       # paging, MP
        movl    %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $8, $start64

        .code64
start64:
        movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        call    main_
        xorl    %eax, %eax
        movl    $0xf4, %edx
        outl    %eax, %dx
2:      hlt
        jmp     2b

        .globl  puts_                   # RDI: text, RSI: length
puts_:  testl   %esi, %esi
        jz      4f
3:      movl    $0x3fd, %edx
        inb     %dx, %al
        testb   $0x20, %al
        jz      3b
        movb    (%rdi), %al
        movl    $0x3f8, %edx
        outb    %al, %dx
        incq    %rdi
        decl    %esi
        jmp     puts_
4:      ret

        .balign 8
gdt:    .quad   0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
        .word   . - gdt - 1
        .long   gdt

        .bss
        .balign 4096
pml4:   .space  4096
pdpt:   .space  4096
pd:     .space  4 * 4096
        .balign 16
        .space  1245184
stack_top:
        .space  64
