// Multiplication of matrices of doubles.
#include "kernel.h"

enum { Side = 120, Rounds = 40 };

static double a[Side][Side], b[Side][Side], c[Side][Side];

u64 kernel(void)
{
    u64 random = 1234567, sum = 0;
    for (int i = 0; i < Side; i++)
        for (int j = 0; j < Side; j++)
        {
            a[i][j] = (double)(i64)(next_random(&random) % 2001) / 1000.0 - 1.0;
            b[i][j] = (double)(i64)(next_random(&random) % 2001) / 1000.0 - 1.0;
        }
    for (int round = 0; round < Rounds; round++)
    {
        for (int i = 0; i < Side; i++)
            for (int j = 0; j < Side; j++)
            {
                double value = 0;
                for (int k = 0; k < Side; k++) value += a[i][k] * b[k][j];
                c[i][j] = value;
            }
        for (int i = 0; i < Side; i++)
            for (int j = 0; j < Side; j++) a[i][j] = c[i][j] / (1.0 + (c[i][j] < 0 ? -c[i][j] : c[i][j]));
        union { double value; u64 bits; } last = { .value = a[round][Side - 1 - round] };
        sum = mix(sum, last.bits);
    }
    return sum;
}
