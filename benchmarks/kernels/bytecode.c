// An interpreter of a small stack machine that looks for the longest Collatz row: a switch in a loop.
#include "kernel.h"

enum operation { Push, Load, Store, Add, Multiply, ShiftRight, And, Less, JumpIfZero, Jump, Halt };
enum variable { Limit, Number, Value, Steps, Longest, Variables };
enum { Numbers = 32000, Next = 2, Step = 6, Even = 24, Stepped = 27, Done = 29, Shorter = 35, End = 44 };

struct instruction { u8 operation; u8 operand; };

static const struct instruction program[] =
{
    {Push, 1}, {Store, Number},
    [Next] = {Load, Number}, {Store, Value}, {Push, 0}, {Store, Steps},
    [Step] = {Push, 1}, {Load, Value}, {Less}, {JumpIfZero, Done},
    {Load, Steps}, {Push, 1}, {Add}, {Store, Steps},
    {Load, Value}, {Push, 1}, {And}, {JumpIfZero, Even},
    {Load, Value}, {Push, 3}, {Multiply}, {Push, 1}, {Add}, {Jump, Stepped},
    [Even] = {Load, Value}, {Push, 1}, {ShiftRight},
    [Stepped] = {Store, Value}, {Jump, Step},
    [Done] = {Load, Longest}, {Load, Steps}, {Less}, {JumpIfZero, Shorter}, {Load, Steps}, {Store, Longest},
    [Shorter] = {Load, Number}, {Push, 1}, {Add}, {Store, Number},
    {Load, Number}, {Load, Limit}, {Less}, {JumpIfZero, End}, {Jump, Next},
    [End] = {Halt},
};

u64 kernel(void)
{
    u64 variables[Variables] = { [Limit] = Numbers }, stack[8], *top = stack, executed = 0;
    for (const struct instruction *at = program;; executed++)
    {
        u8 operand = at->operand;
        switch (at++->operation)
        {
            case Push: *top++ = operand; break;
            case Load: *top++ = variables[operand]; break;
            case Store: variables[operand] = *--top; break;
            case Add: top--; top[-1] += *top; break;
            case Multiply: top--; top[-1] *= *top; break;
            case ShiftRight: top--; top[-1] >>= *top & 63; break;
            case And: top--; top[-1] &= *top; break;
            case Less: top--; top[-1] = top[-1] < *top; break;
            case JumpIfZero: if (*--top == 0) at = &program[operand]; break;
            case Jump: at = &program[operand]; break;
            default: return mix(executed, variables[Longest]);
        }
    }
}
